/**
 * The tokens that a `post_processor` puts before and after a single text. The ids are those that it names itself: the Rust
 * library takes them as they are.
 */

import { z } from "zod";
import { refusal } from "./refusal.ts";

export interface SpecialAffixes {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const tokenId = z.number().int().nonnegative();
const templateSchema = z.looseObject({
  single: z.array(
    z.union([
      z.object({ SpecialToken: z.looseObject({ id: z.string() }) }),
      z.object({ Sequence: z.looseObject({ id: z.string() }) }),
    ]),
  ),
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(tokenId) })).nullish(),
});
const pairSchema = z.looseObject({
  cls: z.tuple([z.string(), tokenId]),
  sep: z.tuple([z.string(), tokenId]),
});
const partSchema = z.looseObject({ type: z.string() });
const sequenceSchema = z.looseObject({ processors: z.array(partSchema) });

/** @throws TOKENIZER_INVALID with the key */
export function specialAffixes(processor: unknown, file: string): SpecialAffixes {
  if (processor == null) return { before: [], after: [] };
  const part = parse(partSchema, processor, file);
  switch (part.type) {
    case "ByteLevel": // moves offsets only
      return { before: [], after: [] };
    case "TemplateProcessing":
      return templateAffixes(parse(templateSchema, part, file), file);
    case "BertProcessing":
    case "RobertaProcessing": {
      const { cls, sep } = parse(pairSchema, part, file);
      return { before: [cls[1]], after: [sep[1]] };
    }
    case "Sequence": {
      const parts = parse(sequenceSchema, part, file).processors.map((inner) => specialAffixes(inner, file));
      // Each processor wraps what the ones before it made.
      return {
        before: parts.toReversed().flatMap(({ before }) => before),
        after: parts.flatMap(({ after }) => after),
      };
    }
    default:
      throw refusal(file, "post_processor.type", `${part.type} is not supported`);
  }
}

function templateAffixes(template: z.infer<typeof templateSchema>, file: string): SpecialAffixes {
  const { single, special_tokens } = template;
  const texts = single.filter((item) => "Sequence" in item);
  if (texts.length !== 1 || texts[0]?.Sequence.id !== "A") {
    throw refusal(file, "post_processor.single", "wanted the text A exactly once");
  }
  const at = single.findIndex((item) => "Sequence" in item);
  const idsOf = (items: typeof single) =>
    items.flatMap((item) => {
      if (!("SpecialToken" in item)) return [];
      const name = item.SpecialToken.id;
      const ids = special_tokens?.[name]?.ids;
      if (ids) return ids;
      throw refusal(file, "post_processor.special_tokens", `${JSON.stringify(name)} has no ids`);
    });
  return { before: idsOf(single.slice(0, at)), after: idsOf(single.slice(at + 1)) };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refusal(
    file,
    ["post_processor", ...(issue?.path ?? [])].join("."),
    issue?.message ?? "cannot be read",
  );
}
