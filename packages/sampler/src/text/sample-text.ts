/**
 * One sample's way through a generation, on ids and bytes only: thinking -> forced -> answering -> done. It says what
 * comes next and never touches a tensor; the engine asks it and does the arithmetic.
 */

import type { AnswerStop, GenerationSettings, ThoughtStop } from "../contract.ts";
import { BoxScanner } from "./box-scanner.ts";
import { forcedTextAfterLimit, forcedTextAfterStop } from "./forced-text.ts";
import { compileStopPattern, StopMatcher, type StopPattern } from "./stop-matcher.ts";
import type { TokenText } from "./token-text.ts";

export type Phase = "thinking" | "forced" | "answering" | "done";

/** What all samples of a generation share. */
export interface SampleRules {
  readonly settings: GenerationSettings;
  readonly text: TokenText;
  readonly endIds: ReadonlySet<number>;
  readonly stopPattern: StopPattern;
}

export function sampleRules(
  settings: GenerationSettings,
  text: TokenText,
  endIds: ReadonlySet<number>,
): SampleRules {
  return { settings, text, endIds, stopPattern: compileStopPattern(settings.stopString) };
}

export class SampleText {
  readonly shadowIds: number[] = [];
  readonly answerIds: number[] = [];
  forcedIds: readonly number[] = [];
  thoughtStop: ThoughtStop = "limit";
  answerStop: AnswerStop = "limit";
  phase: Phase = "thinking";
  readonly #matcher: StopMatcher;
  readonly #box: BoxScanner;
  #forcedAt = 0;
  #lastByte: number | undefined;

  constructor(private readonly rules: SampleRules) {
    this.#matcher = new StopMatcher(rules.stopPattern);
    this.#box = new BoxScanner(new TextEncoder().encode(rules.settings.answerPrefix));
    if (rules.settings.maxThoughtSteps === 0) this.#endThought("limit");
  }

  /** True when the answer may go on after the token that is now being chosen. */
  get hasRoomAfterNextAnswerToken(): boolean {
    return this.answerIds.length + 1 < this.rules.settings.maxAnswerTokens;
  }

  /** Shadow token of the thought step that was just fed. An end-of-sequence token is part of the thought. */
  acceptThought(id: number): void {
    this.shadowIds.push(id);
    const bytes = this.rules.text.bytesOf(id);
    const overhang = this.#matcher.push(bytes);
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    if (overhang >= 0) this.#endThought("stop-string", bytes.subarray(bytes.length - overhang));
    else if (this.rules.endIds.has(id)) this.#endThought("end-of-sequence");
    else if (this.shadowIds.length >= this.rules.settings.maxThoughtSteps) this.#endThought("limit");
  }

  /** The forced token to feed now. */
  takeForced(): number {
    const id = this.forcedIds[this.#forcedAt++];
    if (id === undefined) throw new RangeError("SampleText.takeForced: no forced token is left");
    if (this.#forcedAt === this.forcedIds.length) this.phase = "answering";
    return id;
  }

  /** An end-of-sequence token is part of the answer's ids (it was chosen, so it has a log-probability), not of its text. */
  acceptAnswer(id: number): void {
    this.answerIds.push(id);
    const isClosed = this.#box.push(this.rules.text.bytesOf(id));
    if (isClosed) this.#finish("closed-box");
    else if (this.rules.endIds.has(id)) this.#finish("end-of-sequence");
    else if (this.answerIds.length >= this.rules.settings.maxAnswerTokens) this.#finish("limit");
  }

  #endThought(reason: ThoughtStop, overhang?: Uint8Array): void {
    const { settings, text } = this.rules;
    this.thoughtStop = reason;
    this.forcedIds = text.idsOf(
      overhang ? forcedTextAfterStop(settings, overhang) : forcedTextAfterLimit(settings, this.#lastByte),
    );
    if (settings.maxAnswerTokens === 0) this.#finish("limit");
    else this.phase = this.forcedIds.length > 0 ? "forced" : "answering";
  }

  #finish(reason: AnswerStop): void {
    this.answerStop = reason;
    this.phase = "done";
  }
}
