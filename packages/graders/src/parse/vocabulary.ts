/**
 * What the tokenizer knows by name: LaTeX commands and plain words, each with the token it stands for.
 * Tables only. A command that is in no table becomes an unknown token, and the parser says so.
 */
import type { DerivedFunction } from "./derived-functions.ts";
import type { FunctionName } from "./expression.ts";

/** Commands and plain signs that are operators, relations or brackets, by their one canonical spelling. */
export const operatorCommands = new Map<string, string>(
  Object.entries({
    cdot: "*",
    times: "*",
    ast: "*",
    bullet: "*",
    div: "/",
    pm: "±",
    mp: "∓",
    le: "<=",
    leq: "<=",
    leqslant: "<=",
    leqq: "<=",
    ge: ">=",
    geq: ">=",
    geqslant: ">=",
    geqq: ">=",
    lt: "<",
    gt: ">",
    ne: "!=",
    neq: "!=",
    approx: "~",
    sim: "~",
    simeq: "~",
    cong: "~",
    doteq: "~",
    equiv: "congruent",
    in: "in",
    nleq: ">",
    nleqslant: ">",
    ngeq: "<",
    ngeqslant: "<",
    nless: ">=",
    ngtr: "<=",
    notin: "not in",
    subset: "subset",
    subseteq: "subset",
    to: "=>",
    rightarrow: "=>",
    longrightarrow: "=>",
    Rightarrow: "=>",
    Longrightarrow: "=>",
    implies: "=>",
    iff: "=>",
    Leftrightarrow: "=>",
    cup: "∪",
    bigcup: "∪",
    cap: "∩",
    setminus: "∖",
    backslash: "∖",
    smallsetminus: "∖",
    land: "and",
    wedge: "and",
    lor: "or",
    vee: "or",
    "{": "\\{",
    "}": "\\}",
    lbrace: "\\{",
    rbrace: "\\}",
    lbrack: "[",
    rbrack: "]",
    lparen: "(",
    rparen: ")",
    langle: "⟨",
    rangle: "⟩",
    lfloor: "⌊",
    rfloor: "⌋",
    lceil: "⌈",
    rceil: "⌉",
    vert: "|",
    lvert: "|",
    rvert: "|",
    mid: "|",
    "|": "‖",
    Vert: "‖",
    lVert: "‖",
    rVert: "‖",
    colon: ":",
    "%": "%",
    "#": "#",
    "&": "and",
    $: "\\$",
    textdollar: "\\$",
    circ: "°",
    degree: "°",
    textdegree: "°",
    prime: "'",
    quad: "quad",
    qquad: "quad",
  }),
);

/** Commands without meaning for the value: spacing, size, style. */
export const ignoredCommands = new Set<string>([
  ...[",", ";", "!", " ", ":", ">", "/", "-", "\n", "left", "right", "middle", "big", "Big", "bigg", "Bigg"],
  ...[
    "bigl",
    "bigr",
    "Bigl",
    "Bigr",
    "biggl",
    "biggr",
    "Biggl",
    "Biggr",
    "displaystyle",
    "textstyle",
    "limits",
  ],
  ...["scriptstyle", "nolimits", "boxed", "fbox", "framebox", "large", "Large", "huge", "Huge", "normalsize"],
  ...["thinspace", "enspace", "space", "nobreak", "allowbreak", "centering", "ensuremath", "bf", "rm", "it"],
  ...["boldmath", "noindent", "par", "newline", "(", ")", "[", "]", "thickspace", "medspace", "negthinspace"],
  ...["therefore", "checkmark", "hfill", "qed", "blacksquare"],
]);

/** Commands whose argument in braces is to be dropped with them. */
export const droppedWithArgument = new Set<string>([
  ...[
    "phantom",
    "hphantom",
    "vphantom",
    "hspace",
    "vspace",
    "label",
    "tag",
    "color",
    "textcolor",
    "hskip",
    "mathstrut",
  ],
]);

/** Commands whose argument is words. */
export const textCommands = new Set<string>([
  ...[
    "text",
    "mbox",
    "textbf",
    "textit",
    "textrm",
    "textnormal",
    "textsf",
    "texttt",
    "emph",
    "hbox",
    "textup",
  ],
  ...["mathrm", "operatorname", "mathsf", "mathit", "mathtt", "textsc", "underline", "mathop"],
]);

/** Commands that mark a symbol; the mark becomes part of the symbol's name. */
export const markCommands = new Map<string, string>(
  Object.entries({
    mathbf: "vec",
    boldsymbol: "vec",
    bm: "vec",
    pmb: "vec",
    bold: "vec",
    vec: "vec",
    overrightarrow: "vec",
    hat: "hat",
    widehat: "hat",
    overline: "bar",
    bar: "bar",
    tilde: "tilde",
    widetilde: "tilde",
    mathcal: "cal",
    mathscr: "cal",
    mathfrak: "frak",
    dot: "dot",
    ddot: "ddot",
    triangle: "triangle",
    angle: "angle",
    measuredangle: "angle",
    odot: "circle",
    arc: "arc",
    overset: "over",
  }),
);

/** Signs of currencies, as the words of their units. */
export const currencyCommands = new Map<string, string>(
  Object.entries({
    pounds: "sterling",
    textsterling: "sterling",
    euro: "euros",
    texteuro: "euros",
    EUR: "euros",
    yen: "yuan",
    textyen: "yuan",
    cent: "cents",
    textcent: "cents",
    rupee: "rupees",
  }),
);

/** Greek letters; the variants mean the same letter. */
export const greekLetters = new Map<string, string>([
  ...[
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
  ].map((name): [string, string] => [name, name]),
  ...["nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta"].map(
    (name): [string, string] => [name, name],
  ),
  ...["Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "hbar"].map(
    (name): [string, string] => [name, name],
  ),
  ["varepsilon", "epsilon"],
  ["vartheta", "theta"],
  ["varphi", "phi"],
  ["varrho", "rho"],
  ["varsigma", "sigma"],
]);

/** Functions by every name that they are written with, as a command or as a plain word. */
export const functionWords = new Map<string, FunctionName>(
  Object.entries({
    sin: "sin",
    cos: "cos",
    tan: "tan",
    tg: "tan",
    cot: "cot",
    ctg: "cot",
    sec: "sec",
    csc: "csc",
    cosec: "csc",
    arcsin: "arcsin",
    asin: "arcsin",
    arccos: "arccos",
    acos: "arccos",
    arctan: "arctan",
    atan: "arctan",
    arctg: "arctan",
    arccot: "arccot",
    arcsec: "arcsec",
    arccsc: "arccsc",
    sinh: "sinh",
    cosh: "cosh",
    tanh: "tanh",
    exp: "exp",
    ln: "ln",
    log: "log",
    lg: "log",
    abs: "abs",
    floor: "floor",
    ceil: "ceil",
    ceiling: "ceil",
    sign: "sign",
    sgn: "sign",
    factorial: "factorial",
    gcd: "gcd",
    lcm: "lcm",
    max: "max",
    min: "min",
    det: "determinant",
  } satisfies Record<string, FunctionName>),
);

/** Functions that are written out by others, by every name that they have. */
export const derivedFunctionWords = new Map<string, DerivedFunction>(
  Object.entries({
    cis: "cis",
    coth: "coth",
    sech: "sech",
    csch: "csch",
    arsinh: "arsinh",
    arcsinh: "arsinh",
    asinh: "arsinh",
    arcosh: "arcosh",
    arccosh: "arcosh",
    acosh: "arcosh",
    artanh: "artanh",
    arctanh: "artanh",
    atanh: "artanh",
  } satisfies Record<string, DerivedFunction>),
);

/** Plain words (and commands) that are constants or sets. */
export const constantWords = new Map<string, string>(
  Object.entries({
    pi: "pi",
    infty: "infinity",
    inf: "infinity",
    infinity: "infinity",
    oo: "infinity",
    uppi: "pi",
    imath: "i",
    iu: "i",
    emptyset: "empty",
    varnothing: "empty",
  }),
);

/** Blackboard letters. */
export const numberSets = new Map<string, string>(
  Object.entries({ N: "naturals", Z: "integers", Q: "rationals", R: "reals", C: "complexes" }),
);

/** Environments that are matrices or vectors. */
export const matrixEnvironments = new Set<string>([
  ...["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array"],
]);
