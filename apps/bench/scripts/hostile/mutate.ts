/** Files as an attacker or a broken disk would leave them: changes of JSON, of bytes and of safetensors, decided by a seed. */

/** Draws that depend on the seed alone (mulberry32). */
export interface Draws {
  below(limit: number): number;
  of<Item>(items: readonly Item[]): Item;
}

export function createDraws(seed: number): Draws {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, of: (items) => items[below(items.length)] as (typeof items)[number] };
}

const nested = (depth: number, open: string, close: string) =>
  `${open.repeat(depth)}${open === "[" ? "" : "1"}${close.repeat(depth)}`;

/** JSON texts that a reader may not expect where another value was. */
const ODD_VALUES = [
  ...["null", "true", "{}", "[]", "[null]", "[[1]]", '""', '"\\u0000"', '"\\ud800"', '"\\u001b[2J"'],
  ...[
    "0",
    "-0",
    "-1",
    "0.5",
    "1e308",
    "1e400",
    "-1e400",
    "4294967296",
    "9007199254740993",
    "NaN",
    "Infinity",
  ],
  ...['"__proto__"', '"../../secret"', '"64"', '{"length":4294967295}', '{"__proto__":{"polluted":1}}'],
  ...[nested(300, "[", "]"), nested(60_000, "[", "]"), nested(60_000, '{"a":', "}")],
  ...[`"${"A".repeat(200_000)}"`, `[${"0,".repeat(100_000)}0]`],
];

/** A text with one or two of its values changed, or its bytes damaged, and what was done. */
export function mutateJson(text: string, draws: Draws): { readonly bytes: Buffer; readonly how: string } {
  if (draws.below(6) === 0) return damageBytes(Buffer.from(text), draws);
  let root: unknown = JSON.parse(text);
  const done: string[] = [];
  for (let left = 1 + draws.below(2); left > 0; left--) {
    const path = draws.of(pathsOf(root));
    const [changed, how] = changeAt(root, path, draws);
    root = changed;
    done.push(`${path.join(".") || "all"}: ${how}`);
  }
  return { bytes: Buffer.from(write(root)), how: done.join("; ") };
}

/** Flipped, zeroed or missing bytes. */
export function damageBytes(bytes: Buffer, draws: Draws): { readonly bytes: Buffer; readonly how: string } {
  if (bytes.length === 0 || draws.below(3) === 0)
    return { bytes: bytes.subarray(0, draws.below(bytes.length + 1)), how: "cut off" };
  const damaged = Buffer.from(bytes);
  for (let left = 1 + draws.below(8); left > 0; left--)
    damaged[draws.below(damaged.length)] = draws.below(256);
  return { bytes: damaged, how: "bytes changed" };
}

/** A safetensors file with another header, another header length or other data. */
export function mutateSafetensors(
  bytes: Buffer,
  draws: Draws,
): { readonly bytes: Buffer; readonly how: string } {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = bytes.subarray(8, 8 + length);
  const join = (head: Buffer, said = BigInt(head.length)) => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt.asUintN(64, said));
    return Buffer.concat([prefix, head, bytes.subarray(8 + length)]);
  };
  switch (draws.below(4)) {
    case 0: {
      const said = draws.of([
        0n,
        1n,
        BigInt(length) - 1n,
        BigInt(length) + 1n,
        BigInt(bytes.length),
        2n ** 40n,
        2n ** 64n - 1n,
      ]);
      return { bytes: join(header, said), how: `header length ${said}` };
    }
    case 1:
      return damageBytes(bytes, draws);
    default: {
      const changed = mutateJson(header.toString("utf8").trimEnd(), draws);
      return { bytes: join(changed.bytes), how: `header ${changed.how}` };
    }
  }
}

/** A value that is written as it is, JSON or not. */
class Raw {
  constructor(readonly text: string) {}
}

type Path = readonly string[];

/** Paths of values; of long lists and records the beginning. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null || value instanceof Raw) return [at];
  const keys = Object.keys(value).slice(0, 40);
  return [at, ...keys.flatMap((key) => pathsOf((value as Record<string, unknown>)[key], [...at, key]))];
}

function changeAt(root: unknown, path: Path, draws: Draws): [unknown, string] {
  const odd = draws.of(ODD_VALUES);
  const [key, ...rest] = path;
  if (key === undefined) return [new Raw(odd), `= ${odd.slice(0, 30)}`];
  const copy: Record<string, unknown> | unknown[] = Array.isArray(root)
    ? [...root]
    : { ...(root as Record<string, unknown>) };
  const holder = copy as Record<string, unknown>;
  if (rest.length > 0) {
    const [inner, how] = changeAt(holder[key], rest, draws);
    holder[key] = inner;
    return [copy, how];
  }
  switch (draws.below(5)) {
    case 0:
      if (Array.isArray(copy)) copy.splice(Number(key), 1);
      else delete holder[key];
      return [copy, "removed"];
    case 1:
      if (typeof holder[key] === "number") {
        holder[key] = draws.of([-1, 2, 1000, 1e9]) * (holder[key] as number);
        return [copy, "scaled"];
      }
      holder[key] = [holder[key]];
      return [copy, "put into a list"];
    default:
      holder[key] = new Raw(odd);
      return [copy, `= ${odd.slice(0, 30)}`];
  }
}

function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${write(inner)}`)
      .join(",")}}`;
  }
  return JSON.stringify(value);
}
