/**
 * The bytes that a token stands for inside a text, for the two ways in which Llama and Qwen folders store them:
 * byte-level BPE (GPT-2's table of printable characters) and SentencePiece style (`▁` for a space, `<0x0A>` for a byte).
 * A token may hold half a character; only the bytes of a whole text need be UTF-8.
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";
import { partSchema, type TokenizerPart } from "./repair-parts.ts";

export interface ByteDecoder {
  /** Bytes of one ordinary token. */
  bytes(token: string): Uint8Array;
  /** A text begins without the space that encoding put before it. */
  readonly stripsLeadingSpace: boolean;
}

/** @throws TOKENIZER_INVALID for a decoder of another kind */
export function createByteDecoder(decoder: TokenizerPart | null, file: string): ByteDecoder {
  const parts = decoder?.type === "Sequence" ? partsOf(decoder, file) : [decoder];
  const types = parts.map((part) => part?.type);
  if (types.length === 1 && types[0] === "ByteLevel")
    return { bytes: byteLevelBytes, stripsLeadingSpace: false };
  if (types.length === 1 && types[0] === "Metaspace") {
    return { bytes: metaspaceBytes, stripsLeadingSpace: parts[0]?.prepend_scheme !== "never" };
  }
  const isSentencePiece = types.slice(0, 3).join() === "Replace,ByteFallback,Fuse";
  if (isSentencePiece && (types.length === 3 || (types.length === 4 && types[3] === "Strip"))) {
    return { bytes: metaspaceBytes, stripsLeadingSpace: types.length === 4 };
  }
  throw new ModelError(
    "TOKENIZER_INVALID",
    `decoder: ${decoder ? types.join(", ") : "none"}; supported are ByteLevel, Metaspace and Replace, ByteFallback, Fuse, Strip`,
    { file, key: "decoder" },
  );
}

function partsOf({ decoders }: TokenizerPart, file: string): TokenizerPart[] {
  const parsed = z.array(partSchema).safeParse(decoders);
  if (parsed.success) return parsed.data;
  throw new ModelError("TOKENIZER_INVALID", "decoder.decoders: wanted a list of decoders", {
    file,
    key: "decoder.decoders",
  });
}

const encoder = new TextEncoder();

function byteLevelBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF_CHARACTER.get(character);
    // A token with any other character stands for itself (tokenizers, decoders/byte_level).
    if (byte === undefined) return encoder.encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function metaspaceBytes(token: string): Uint8Array {
  const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return hex === undefined
    ? encoder.encode(token.replaceAll("\u2581", " "))
    : Uint8Array.of(Number.parseInt(hex, 16));
}

/**
 * GPT-2's table: printable Latin-1 characters stand for their own byte, the other bytes take U+0100, U+0101, ... in order
 * (openai/gpt-2 `src/encoder.py`, bytes_to_unicode).
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(isPrintable(byte) ? byte : next++), byte]),
  );
})();
