#!/usr/bin/env node
/**
 * Checks what `npm run demo` leaves behind, with nothing but Node, as another program would read it.
 *
 *   npm run demo -- --quick --out FOLDER && node scripts/check-demo.mjs FOLDER
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createReport, expectEqual, expectTrue } from "./report.mjs";

const MODES = ["hard-greedy", "hard-sample", "soft-greedy", "soft-sample", "fuzzy-greedy", "fuzzy-sample"];
const TRAININGS = ["hard", "fuzzy", "soft"];

const [folder] = process.argv.slice(2);
if (!folder || !existsSync(folder)) {
  process.stderr.write("usage: node scripts/check-demo.mjs FOLDER      (the --out of npm run demo)\n");
  process.exit(2);
}
const { check, finish } = createReport();

await check("problems: no test question is in the training file", () => {
  const questions = (name) => jsonLines(join(folder, name)).map(({ question }) => question);
  const training = new Set(questions("train.jsonl"));
  const test = questions("test.jsonl");
  expectTrue(training.size > 100 && test.length >= 8, `${training.size} and ${test.length} questions`);
  expectEqual(
    test.filter((question) => training.has(question)),
    [],
    "questions in both",
  );
});
for (const name of TRAININGS) {
  const run = join(folder, name);
  await check(`${name}: config.json, metrics.jsonl`, () => checkRun(run, name));
  await check(`${name}: rollouts`, () => checkRollouts(join(run, "rollouts"), name));
  await check(`${name}: a checkpoint is a model folder`, () => checkCheckpoints(join(run, "checkpoints")));
}
for (const name of ["base", ...TRAININGS]) {
  await check(`${name}: evaluation`, () => checkEvaluation(join(folder, name, "evaluations", "test")));
}
await check("every training was measured like the base model", () => {
  const [base, ...others] = ["base", ...TRAININGS].map((name) => readResults(name));
  for (const other of others) {
    for (const key of ["checksum", "n", "questions", "template"]) expectEqual(other[key], base[key], key);
    for (const key of ["rms", "noiseScale", "maxThoughtSteps"]) {
      expectEqual(other.settings[key], base.settings[key], `settings.${key}`);
    }
  }
});
await check("report.html stands alone", () => checkReport(join(folder, "report.html")));
await check("nothing temporary is left", () => {
  const left = readdirSync(folder, { recursive: true }).filter((name) =>
    /\.tmp$|\.partial$/.test(String(name)),
  );
  expectEqual(left, [], "files");
});
finish();

function checkRun(run, name) {
  const { format, kind, options, resolved } = json(join(run, "config.json"));
  expectEqual([format, kind, options.thought], ["soft-tokens-run/1", "rloo", name], "config.json");
  expectTrue(resolved.rms > 0 && (name === "hard" || resolved.sigma > 0), "config.json lacks rms or sigma");
  const rows = jsonLines(join(run, "metrics.jsonl")).filter((row) => "reward/mean" in row);
  expectEqual(
    rows.map(({ step }) => step),
    Array.from({ length: options.steps }, (_, index) => index + 1),
    "steps",
  );
  for (const row of rows) {
    const bad = Object.entries(row).filter(
      ([, value]) => typeof value === "number" && !Number.isFinite(value),
    );
    const missing = Object.entries(row).filter(([, value]) => value === null);
    expectEqual([...bad, ...missing], [], `step ${row.step}: not finite`);
    expectTrue(row["logprob/gapRelative"] < 1e-4, `step ${row.step}: gap ${row["logprob/gapRelative"]}`);
    expectTrue(
      row["optim/gradientNorm"] >= 0 && row["thought/length"] > 0,
      `step ${row.step}: ${JSON.stringify(row)}`,
    );
  }
  expectTrue(
    rows.some((row) => row["optim/gradientNorm"] > 0),
    "no step had a gradient",
  );
}

function checkRollouts(rollouts, name) {
  const files = readdirSync(rollouts).filter((file) => file.endsWith(".safetensors"));
  expectTrue(files.length > 0, "no rollout file");
  for (const file of files) {
    const { tensors, metadata } = readSafetensors(join(rollouts, file));
    const rows = jsonLines(join(rollouts, file.replace(/safetensors$/, "jsonl")));
    const samples = rows.length;
    expectTrue(samples > 0, `${file}: no samples`);
    expectEqual(metadata.thought, name, `${file}: thought`);
    expectTrue(Number(metadata.tau) > 0 && Number.isFinite(Number(metadata.sigma)), `${file}: tau, sigma`);
    for (const part of ["prompt", "forced", "answer", "thought"]) {
      const ids = tensors[part === "thought" ? "shadow_ids" : `${part}_ids`];
      const offsets = tensors[`${part}_offsets`];
      expectEqual(
        [ids.dtype, offsets.dtype, offsets.shape],
        ["I32", "I32", [samples + 1]],
        `${file}: ${part}`,
      );
      const values = Array.from({ length: samples + 1 }, (_, index) => offsets.data.readInt32LE(4 * index));
      const isAscending = values.every((value, index) => value >= (index === 0 ? 0 : values[index - 1]));
      expectTrue(
        isAscending && values[0] === 0 && values[samples] === ids.shape[0],
        `${file}: ${part}_offsets`,
      );
    }
    const steps = tensors.shadow_ids.shape[0];
    expectEqual("thoughts" in tensors, name !== "hard", `${file}: has thoughts`);
    if (tensors.thoughts)
      expectEqual([tensors.thoughts.dtype, tensors.thoughts.shape[0]], ["F32", steps], file);
    for (const row of rows) {
      const lengths = Number.isFinite(row.thoughtLogProb) && Number.isFinite(row.answerLogProb);
      expectTrue(
        lengths && row.entropies.length > 0 && typeof row.thought === "string",
        `${file}: ${JSON.stringify(row)}`,
      );
    }
  }
}

function checkCheckpoints(checkpoints) {
  const steps = readdirSync(checkpoints).filter((name) => name.startsWith("step-"));
  expectTrue(steps.length > 0, "no checkpoint");
  for (const step of steps) {
    const path = join(checkpoints, step);
    const { model_type: type, hidden_size: hidden, vocab_size: vocabulary } = json(join(path, "config.json"));
    expectEqual(type, "llama", "model_type");
    const { tensors } = readSafetensors(join(path, "model.safetensors"));
    expectEqual(
      tensors["model.embed_tokens.weight"]?.shape,
      [vocabulary, hidden],
      "model.embed_tokens.weight",
    );
    expectTrue(json(join(path, "tokenizer.json")).model !== undefined, "tokenizer.json has no model");
    readSafetensors(join(path, "optimizer.safetensors"));
    expectTrue(existsSync(join(path, "trainer.json")), "no trainer.json");
  }
}

function checkEvaluation(path) {
  const results = json(join(path, "results.json"));
  const rows = jsonLines(join(path, "samples.jsonl"));
  expectEqual([results.format, results.complete], [1, true], "format, complete");
  expectEqual(results.results.map(({ mode }) => mode).sort(), [...MODES].sort(), "modes");
  for (const { mode, n, questions, metrics, outcomes } of results.results) {
    const samples = rows.filter((row) => row.mode === mode);
    expectEqual(
      [n, questions],
      [mode.endsWith("greedy") ? 1 : results.n, results.questions],
      `${mode}: n, questions`,
    );
    expectEqual(
      [samples.length, outcomes.samples, outcomes.errors],
      [n * questions, n * questions, 0],
      `${mode}: samples`,
    );
    const accuracy = samples.filter((row) => row.correct).length / samples.length;
    expectTrue(
      Math.abs(accuracy - metrics.accuracy) < 1e-9,
      `${mode}: accuracy ${metrics.accuracy}, counted ${accuracy}`,
    );
    const { low, high } = metrics.intervals.accuracy;
    expectTrue(low <= accuracy && accuracy <= high && high > low, `${mode}: interval ${low} to ${high}`);
    expectTrue(metrics.thoughtLength > 0 && metrics.entropy >= 0, `${mode}: length, entropy`);
  }
}

/** No file beside it and no server is asked for anything; an address may only stand in text and in XML names. */
function checkReport(path) {
  const page = readFileSync(path, "utf8");
  expectTrue(page.startsWith("<!doctype html>") || page.startsWith("<!DOCTYPE html>"), "not an HTML page");
  const outside = [...page.matchAll(/\b(?:src|href|action|poster|srcset)\s*=\s*["']?([^"'\s>]+)/gi)]
    .map(([, target]) => target)
    .filter((target) => !/^(#|data:)/.test(target));
  expectEqual(outside, [], "links to outside");
  const loading =
    /<(?:link|iframe|object|embed|base)\b|@import|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\s*\(/i.exec(
      page,
    );
  expectEqual(loading?.[0], undefined, "loads something");
  const urls = [...page.matchAll(/url\(\s*["']?([^)"']+)/gi)].map(([, target]) => target);
  expectEqual(
    urls.filter((target) => !/^(#|data:)/.test(target)),
    [],
    "style sheets refer to",
  );
  for (const text of ["<svg", ...MODES, ...TRAININGS])
    expectTrue(page.includes(text), `it does not show ${text}`);
}

function readResults(name) {
  return json(join(folder, name, "evaluations", "test", "results.json"));
}

/** Tensors by name, with their bytes; the header's offsets are checked against the file. */
function readSafetensors(path) {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
  const body = bytes.subarray(8 + headerLength);
  const sizes = { F32: 4, I32: 4, BF16: 2, F16: 2, I64: 8, U8: 1, BOOL: 1, F64: 8 };
  const tensors = {};
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [begin, end],
    },
  ] of Object.entries(entries)) {
    const wanted = shape.reduce((product, size) => product * size, sizes[dtype]);
    expectTrue(end - begin === wanted && end <= body.length, `${relative(folder, path)}: ${name} is cut off`);
    tensors[name] = { dtype, shape, data: body.subarray(begin, end) };
  }
  return { tensors, metadata };
}

function json(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function jsonLines(path) {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
