/** Where a row's reference is, and where there is none. */
import { describe, expect, it } from "vitest";
import { gradeWithPreset, presets } from "./presets.ts";
import { markedReference, readReference, withoutAnswerMarks } from "./reference.ts";

describe("GSM8K's final line", () => {
  it.each([
    ["48/2 = 24\n#### 72", "72"],
    ["One and one. #### 2", "2"],
    ["#### 1,234,500", "1234500"],
    ["so\n#### -5\n\n", "-5"],
    ["so\r\n#### $10.50\r\n", "$10.50"],
    ["so\n####3", "3"],
    ["so\n#### 72.", "72"],
    ["so\n#### 12 red apples", "12 red apples"],
    ["so\n#### x = 3", "x = 3"],
    ["so\n#### **3**", "3"],
    ["so\n#### Answer: 17", "17"],
    ["so\n#### The final answer is 17", "17"],
    ["so\n#### yes", "yes"],
    ["so\n#### B", "B"],
    ["#### 1\nCount.\n\n#### 2\nAdd.\n\n#### 17", "17"],
    ["first \\boxed{4}, and then\n#### 17", "17"],
  ])("of %j is %s", (text, answer) => {
    expect(markedReference(text)).toEqual({ answer, form: "final-line" });
  });

  it.each([
    ["a heading with text after it", "#### Step 1: Count\n12 in all.\n\n#### Step 2: Add\n12 + 5 = 17."],
    ["a numbered heading with text after it", "#### 1\nCount them.\n#### 2\nAdd them up to 17."],
    ["a heading that ends the text", "Let us see.\n\n#### Conclusion"],
    ["a heading that ends in a colon", "Let us see.\n\n#### The number of apples:"],
    ["a heading without its answer", "Let us see.\n\n#### Final Answer"],
    ["a step that ends the text", "Count.\n#### Step 2: Add"],
    ["a deeper heading", "Let us see.\n##### 17"],
    ["hashes inside of a word", "Let us call it a####17"],
    ["a whole sentence", "So.\n#### Now we have to add all of the apples that are left in it"],
    ["nothing after the hashes", "Let us see.\n#### "],
  ])("is not %s", (_, text) => {
    expect(markedReference(text)).toBeNull();
  });
});

describe("boxes", () => {
  it.each([
    ["First $\\boxed{0}$, no: $\\boxed{\\{1\\}}$", "\\{1\\}"],
    ["#### Step 2: Add\nso the answer is \\boxed{17}.", "17"],
    ["so\n#### Final answer: \\boxed{17}", "17"],
    ["We get $\\boxed 7$.", "7"],
    ["$\\fbox{12}$", "12"],
    // A closing sentence that lists solutions gives them all.
    ["The points are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$.", "(-3,11), (7,31)"],
    ["$a = \\boxed{-1}$ and $a = \\boxed{2}.$", "-1, 2"],
    ["$x$ must be $\\boxed{3}$ or $\\boxed{\\frac{2}{5}}$.", "3, \\frac{2}{5}"],
    // One value in two forms is one value: the last of them, as Hendrycks' reader has it.
    ["So $f(x)=\\boxed{9x-20}$ or $\\boxed{-20+9x}$.", "-20+9x"],
    ["In base ten it is $\\boxed{35}=\\boxed{38_9}$.", "38_9"],
    ["this is $\\boxed{28}$ or $\\boxed{28_9}$.", "28_9"],
    ["$\\boxed{\\frac{25}{13}} = \\boxed{1\\frac{12}{13}}$ units.", "1\\frac{12}{13}"],
    ["$\\boxed{12}$ or $\\boxed{12}$ or $\\boxed{13}$", "12, 13"],
    // Boxes of other sentences are steps, or another way to the same value.
    ["It is $\\boxed{(3,-5)}.$\n\nAlso, $f(0) = 0.$  Thus, $\\boxed{(0,0)}$ is one too.", "(0,0)"],
    ["It is $\\boxed{5}$.\n\n- OR -\n\nBy Pythagoras it is $\\boxed{6}$.", "6"],
    ["Fill in $3 + \\boxed{\\phantom{2}} = 7$: it is $\\boxed{4}$.", "4"],
  ])("of %j give %s", (text, answer) => {
    expect(markedReference(text)).toEqual({ answer, form: "boxes" });
    expect(readReference(text)?.answer).toBe(answer);
  });

  it.each(["the answer is $\\boxed{}$", "$\\boxed{4}$ and then $\\boxed{ }$", "so it is $\\boxed{\\ }$"])(
    "that are left empty at the end give nothing: %j",
    (text) => {
      expect(readReference(text)).toBeNull();
    },
  );

  it("are one reference for the preset and for the reader", () => {
    const gold = "The points are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$.";
    const { answer = "" } = readReference(gold) ?? {};
    for (const [response, right] of [
      ["\\boxed{(7,31), (-3,11)}", true],
      ["\\boxed{(7,31)}", false],
    ] as const) {
      expect(gradeWithPreset(presets.math, response, gold).correct).toBe(right);
      expect(gradeWithPreset(presets.math, response, answer).correct).toBe(right);
    }
    const oneValue = "So $f(x)=\\boxed{9x-20}$ or $\\boxed{-20+9x}$.";
    expect(gradeWithPreset(presets.math, "\\boxed{9x-20}", oneValue).correct).toBe(true);
    expect(gradeWithPreset(presets.math, "\\boxed{9x+20}", oneValue).correct).toBe(false);
  });
});

describe("a text without a mark", () => {
  it.each([
    "72",
    "\\left(-\\infty, -\\frac{1}{2}\\right) \\cup \\left(\\frac{7}{2}, \\infty\\right)",
    "\\begin{pmatrix} 1 & 2 \\\\\n 3 & 4 \\end{pmatrix}",
    "Paris",
    "Mr. Smith",
    "10 a.m. on Monday",
    "She has 12 pens.",
    "y = 3x + 2",
    "7 red, 3 green and 2 blue marbles",
    "十二",
  ])("is its own reference where it is an answer: %j", (text) => {
    expect(readReference(text)).toEqual({ answer: text, form: "plain" });
    expect(markedReference(text)).toBeNull();
  });

  it.each([
    ["The answer is 7.", "7"],
    ["Take one away.\nSo the answer is $x = 4$.", "$x = 4$"],
  ])("may say its answer at the end: %j", (text, answer) => {
    expect(readReference(text)).toEqual({ answer, form: "sentence" });
  });

  it.each([
    "Write them 2m and 2n. Their sum is 2(m+n), which is even.",
    "By symmetry the two sides are equal in length, so that the claim holds for every triangle",
    "If the answer is 5, then we are lost. Let us try again. It cannot be.",
    "We count them.\nThen we add them.",
    "We see.\n\n#### Conclusion",
    "#### ",
    "## Solution\n5",
    "设两数为2m和2n。它们的和为2(m+n)。故为偶数。",
    "",
    " \n ",
  ])("has none where it is a solution: %j", (text) => {
    expect(readReference(text)).toBeNull();
  });
});

describe("the worked part of a solution", () => {
  it.each([
    ["48/2 = <<48/2=24>>24 clips.\n#### 24", "48/2 = 24 clips.\n"],
    ["<<1000*2=2000>>2,000 and <<.5*10=5>>$5\n#### 5", "2,000 and $5\n"],
    ["<<5-10=-5>>-5 degrees", "-5 degrees"],
    [
      "#### Step 1: Count\nThree.\n#### Step 2: Add\nFive.",
      "#### Step 1: Count\nThree.\n#### Step 2: Add\nFive.",
    ],
    ["x = 1<<4; y = x>>2; cout << x << y;", "x = 1<<4; y = x>>2; cout << x << y;"],
    ["1<<3=8>>0 is 8", "1<<3=8>>0 is 8"],
    ["Il dit <<bonjour>> et <<a=b>>.", "Il dit <<bonjour>> et <<a=b>>."],
    ["A matrix <<1,2>,<3,4>> of <<3>>", "A matrix <<1,2>,<3,4>> of <<3>>"],
    ["<<3=3>> boxes", "<<3=3>> boxes"],
  ])("of %j is %j", (solution, worked) => {
    expect(withoutAnswerMarks(solution)).toBe(worked);
  });
});
