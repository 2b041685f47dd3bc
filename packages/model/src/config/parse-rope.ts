/**
 * Rotary settings out of `config.json`: `rope_parameters` (transformers 5), or `rope_theta` with `rope_scaling`
 * (transformers 4). Where a file has both, `rope_scaling` wins if it is not empty, as in transformers 5.23
 * (`convert_rope_params_to_dict`); we refuse a file whose two settings differ. `original_max_position_embeddings` next to the
 * settings wins over the one inside (`standardize_rope_params`).
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";
import type { WarningSink } from "../warnings.ts";
import type { ModelConfig, RopeScaling } from "./config.ts";

type Rope = Pick<ModelConfig, "ropeTheta" | "ropeScaling">;

const DEFAULT_THETA = 10_000;
const positive = z.number().positive();
const settingsSchema = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: positive.nullish(),
  factor: positive.nullish(),
  low_freq_factor: positive.nullish(),
  high_freq_factor: positive.nullish(),
  original_max_position_embeddings: positive.nullish(),
  partial_rotary_factor: positive.nullish(),
});
type Settings = z.infer<typeof settingsSchema>;

/** Settings by type; any other key inside has no effect, here as in transformers. */
const USED_KEYS = {
  default: ["rope_type", "type", "rope_theta", "partial_rotary_factor"],
  linear: ["factor"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
} as const;

/** @throws CONFIG_INVALID, CONFIG_UNSUPPORTED with the key */
export function parseRope(
  raw: Readonly<Record<string, unknown>>,
  maxPositions: number,
  file: string,
  warn: WarningSink,
): Rope {
  const candidates = (["rope_parameters", "rope_scaling"] as const).filter((key) => !isEmpty(raw[key]));
  const theta = positive.nullish().safeParse(raw.rope_theta);
  if (!theta.success) throw invalid(file, "rope_theta", "wanted a positive number");
  refusePartial(raw.partial_rotary_factor, "partial_rotary_factor", file);
  const outer = positive.nullish().safeParse(raw.original_max_position_embeddings);
  if (!outer.success) throw invalid(file, "original_max_position_embeddings", "wanted a positive number");
  const around: Surroundings = {
    theta: theta.data ?? null,
    originalMaxPositions: outer.data ?? null,
    maxPositions,
  };
  const [first, second] = candidates.map((key) => parseSettings(raw[key], key, around, file, warn));
  if (first && second && JSON.stringify(first) !== JSON.stringify(second)) {
    throw invalid(file, "rope_scaling", "contradicts rope_parameters");
  }
  return first ?? { ropeTheta: theta.data ?? DEFAULT_THETA, ropeScaling: { type: "default" } };
}

/** Keys next to the settings that bear on them. */
interface Surroundings {
  readonly theta: number | null;
  readonly originalMaxPositions: number | null;
  readonly maxPositions: number;
}

function parseSettings(
  value: unknown,
  key: string,
  around: Surroundings,
  file: string,
  warn: WarningSink,
): Rope {
  const parsed = settingsSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(file, [key, ...(issue?.path ?? [])].join("."), issue?.message ?? "not an object");
  }
  const settings = parsed.data;
  if ("full_attention" in settings || "sliding_attention" in settings) {
    throw unsupported(file, key, "settings per layer type are not implemented");
  }
  refusePartial(settings.partial_rotary_factor, `${key}.partial_rotary_factor`, file);
  if (settings.rope_theta != null && around.theta !== null && settings.rope_theta !== around.theta) {
    throw invalid(
      file,
      "rope_theta",
      `${around.theta} contradicts ${key}.rope_theta, ${settings.rope_theta}`,
    );
  }
  const ropeScaling = parseScaling(settings, key, around, file);
  const isUsed = new Set<string>([...USED_KEYS.default, ...USED_KEYS[ropeScaling.type]]);
  const ignored = Object.keys(settings).filter((name) => !isUsed.has(name) && settings[name] != null);
  if (settings.rope_type && settings.type && settings.rope_type !== settings.type) ignored.push("type");
  if (ignored.length > 0) {
    warn({
      code: "CONFIG_KEY_IGNORED",
      message: `${file}: ${key} is of type ${ropeScaling.type}, in which ${ignored.join(", ")} has no effect`,
      file,
      keys: ignored.map((name) => `${key}.${name}`),
    });
  }
  return { ropeTheta: settings.rope_theta ?? around.theta ?? DEFAULT_THETA, ropeScaling };
}

function parseScaling(settings: Settings, key: string, around: Surroundings, file: string): RopeScaling {
  const need = (name: "factor" | "low_freq_factor" | "high_freq_factor"): number => {
    const value = settings[name];
    if (value == null) throw invalid(file, `${key}.${name}`, "is missing");
    return value;
  };
  const type = settings.rope_type ?? settings.type ?? "default";
  if (settings.rope_type == null && settings.type == null && settings.factor != null) {
    throw invalid(
      file,
      `${key}.rope_type`,
      `is missing, and factor ${settings.factor} has no meaning without it`,
    );
  }
  switch (type) {
    case "default":
      return { type };
    case "linear":
      return { type, factor: need("factor") };
    case "llama3": {
      const lowFrequencyFactor = need("low_freq_factor");
      const highFrequencyFactor = need("high_freq_factor");
      if (highFrequencyFactor <= lowFrequencyFactor) {
        throw invalid(file, `${key}.high_freq_factor`, "must be greater than low_freq_factor");
      }
      return {
        type,
        factor: need("factor"),
        lowFrequencyFactor,
        highFrequencyFactor,
        originalMaxPositions:
          around.originalMaxPositions ?? settings.original_max_position_embeddings ?? around.maxPositions,
      };
    }
    default:
      throw unsupported(
        file,
        `${key}.rope_type`,
        `${JSON.stringify(type)}: supported are default, linear, llama3`,
      );
  }
}

function refusePartial(value: unknown, key: string, file: string): void {
  if (value != null && value !== 1) {
    throw unsupported(file, key, `${JSON.stringify(value)}: only whole heads are rotated`);
  }
}

function isEmpty(value: unknown): boolean {
  return value == null || (typeof value === "object" && Object.keys(value).length === 0);
}

function invalid(file: string, key: string, why: string): ModelError {
  return new ModelError("CONFIG_INVALID", `${key}: ${why}`, { file, key });
}

function unsupported(file: string, key: string, why: string): ModelError {
  return new ModelError("CONFIG_UNSUPPORTED", `${key}: ${why}`, { file, key });
}
