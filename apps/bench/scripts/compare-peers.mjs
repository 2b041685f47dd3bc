#!/usr/bin/env node
/**
 * Our speed beside that of transformers and TRL on the machine at hand, one after another, as a Markdown table:
 *
 *   SOFT_TOKENS_SHARED=FOLDER SOFT_TOKENS_PYTHON=venv/bin/python node apps/bench/scripts/compare-peers.mjs --model FOLDER
 *     [--out peers.md] [--rounds 2] [--threads 2] [--peers decode,compiled,train,trl] [--quick]
 *
 * The peers' programs are in SOFT_TOKENS_SHARED/peers, their questions in SOFT_TOKENS_SHARED/data; Python needs torch, transformers,
 * trl, datasets and math-verify. Everything that they and we print is kept beside the table. `--quick` only sees whether all of
 * them start and are understood: its figures mean nothing. Nothing else should run: the table says how busy others were.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: process.env.SOFT_TOKENS_SMOLLM2 },
    out: { type: "string", default: "peers.md" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: String(cpus().length) },
    peers: { type: "string", default: "decode,compiled,train,trl" },
    quick: { type: "boolean", default: false },
  },
});
const shared = need(process.env.SOFT_TOKENS_SHARED, "SOFT_TOKENS_SHARED: the folder with peers/ and data/");
const python = need(
  process.env.SOFT_TOKENS_PYTHON,
  "SOFT_TOKENS_PYTHON: a Python with torch, transformers and trl",
);
const model = resolve(need(options.model, "--model or SOFT_TOKENS_SMOLLM2: a model's folder"));
const peers = new Set(options.peers.split(","));
const logs = `${options.out.replace(/\.md$/, "")}-logs`;
mkdirSync(logs, { recursive: true });

/** Chosen tokens per sample of the peers' generation, and of ours in the same comparison: thought + answer. */
const NEW_TOKENS = 128;
const load = loadavg()[0];
if (load > 0.3) say(`the machine is not quiet: load ${load.toFixed(2)}; the figures will be too`);

const ours = {
  same: await measureOurs("ours-128", NEW_TOKENS - 8, 8),
  full: peers.has("train") ? await measureOurs("ours-160", 128, 32) : null,
};
const found = {
  decode: peers.has("decode") ? await decodeRate("static_bf16") : null,
  compiled: peers.has("compiled") && !options.quick ? await decodeRate("compile_bf16") : null,
  train: peers.has("train") ? await trainSeconds() : null,
  trl: peers.has("trl") ? await trlSeconds() : null,
};
writeFileSync(options.out, table());
process.stdout.write(readFileSync(options.out, "utf8"));

/** Our figures for the peers' batch: 2 x 32 samples, prompts of 150 tokens. */
async function measureOurs(name, thoughtSteps, answerTokens) {
  const json = join(logs, `${name}.json`);
  const size = options.quick
    ? [
        "--samples",
        "2",
        "--prompt-tokens",
        "20",
        "--thought-steps",
        "3",
        "--answer-tokens",
        "2",
        "--rounds",
        "1",
      ]
    : ["--thought-steps", thoughtSteps, "--answer-tokens", answerTokens, "--rounds", options.rounds];
  await run(name, process.execPath, [
    ...["--conditions=@soft-tokens/source", "--import", "tsx", join(root, "apps/bench/src/main.ts")],
    ...["speed", "--model", model, "--threads", options.threads, "--json", json, ...size.map(String)],
  ]);
  return JSON.parse(readFileSync(json, "utf8"));
}

/** Tokens per second of `generate`, prefill included, and the share of the processors that others took. */
async function decodeRate(mode) {
  const text = await runPeer(`transformers-${mode}`, "transformers_decode.py", [
    mode,
    options.quick ? "0" : "2",
  ]);
  const rates = [...text.matchAll(/: ([\d.]+) tok\/s wall.*other-procs (\d+)%/g)];
  return best(
    rates.map(([, rate, busy]) => ({ value: Number(rate), busy: Number(busy) })),
    Math.max,
  );
}

/** Seconds of forward and backward over the whole batch. */
async function trainSeconds() {
  const runs = [];
  for (const mode of ["nockpt", "ckpt"]) {
    const text = await runPeer(`transformers-train-${mode}`, "transformers_train_step.py", [
      mode,
      options.quick ? "1" : "4",
    ]);
    const [, seconds] = /=> 64 seq: ([\d.]+) s/.exec(text) ?? [];
    const busy = Math.max(
      0,
      ...[...text.matchAll(/microbatch.*other-procs (\d+)%/g)].map(([, share]) => Number(share)),
    );
    if (seconds) runs.push({ value: Number(seconds), busy });
  }
  return best(runs, Math.min);
}

/** Seconds of the best of three RLOO steps. */
async function trlSeconds() {
  if (options.quick) {
    await run("trl-imports", python, ["-c", "import trl, datasets, math_verify"]); // one step takes minutes
    return null;
  }
  const text = await runPeer("trl-rloo", "trl_rloo.py", ["64", "3", "gc"]);
  // A progress bar may stand before it on its line.
  const steps = [...text.matchAll(/STEP wall ([\d.]+)s.*other-procs (\d+)%/g)];
  return best(
    steps.map(([, wall, busy]) => ({ value: Number(wall), busy: Number(busy) })),
    Math.min,
  );
}

function best(runs, choose) {
  if (runs.length === 0) return null;
  const value = choose(...runs.map((run) => run.value));
  return runs.find((run) => run.value === value);
}

function runPeer(name, script, args) {
  const env = {
    ...process.env,
    ...{ MODEL: model, DATA: join(shared, "data"), NT: options.threads, HF_HUB_OFFLINE: "1" },
    ...{ OMP_NUM_THREADS: options.threads, TOKENIZERS_PARALLELISM: "false", PYTHONDONTWRITEBYTECODE: "1" },
  };
  return run(name, python, [join(shared, "peers", script), ...args], env);
}

/** Standard output and error of a program, kept in a log too. Rejects when it fails. */
function run(name, command, args, env = process.env) {
  say(name);
  return new Promise((resolvePromise, reject) => {
    const log = createWriteStream(join(logs, `${name}.log`));
    let text = "";
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    const take = (chunk) => {
      text += chunk;
      log.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (status) => {
      log.end();
      if (status === 0) resolvePromise(text);
      else
        reject(
          new Error(
            `${name} failed with status ${status}; see ${join(logs, `${name}.log`)}\n${text.slice(-2000)}`,
          ),
        );
    });
  });
}

function table() {
  const { same, full } = ours;
  const rows =
    "64" in same.generateTokensPerSecond.hard ? "64" : Object.keys(same.generateTokensPerSecond.hard).at(-1);
  const decode = (thought) => same.generateTokensPerSecond[thought][rows].median;
  const rate = (x) => x.toFixed(0);
  const seconds = (x) => x.toFixed(1);
  const lines = [];
  const add = (what, peer, own, isRate, format) => {
    if (!peer) return;
    const ratio = isRate ? own / peer.value : peer.value / own;
    lines.push(
      `| ${what} | ${format(peer.value)} | ${format(own)} | ${ratio.toFixed(2)} x | ${peer.busy} % |`,
    );
  };
  add("transformers generate, static cache: tokens/s against hard", found.decode, decode("hard"), true, rate);
  add("transformers generate, compiled: tokens/s against hard", found.compiled, decode("hard"), true, rate);
  const bestPeer = best([found.decode, found.compiled].filter(Boolean), Math.max);
  add("the better of both: tokens/s against soft", bestPeer, decode("soft"), true, rate);
  if (full) {
    const pass = full.matrixFraction.soft.seconds;
    add(
      "transformers forward + backward, 64 x 310 tokens: seconds against soft",
      found.train,
      pass,
      false,
      seconds,
    );
  }
  for (const thought of ["hard", "soft"]) {
    add(
      `TRL RLOO step: seconds against ${thought}`,
      found.trl,
      same.rlooStepSeconds[thought].median,
      false,
      seconds,
    );
  }
  const { cpu, logicalCores, instructions } = same.hardware;
  const flags = Object.entries(instructions ?? {}).flatMap(([flag, has]) => (has ? [flag] : []));
  const matrix = Object.entries(same.matrixRate).map(
    ([dtype, { model: own, square }]) => `${dtype} ${rate(own.median)} (square ${rate(square.median)})`,
  );
  return [
    options.quick ? "Only a trial run: the figures mean nothing.\n" : "",
    `${new Date().toISOString().slice(0, 10)}, ${same.model}, ${same.dtype}, ${logicalCores} x ${cpu} (${flags.join(", ")}), ${options.threads} threads; ${same.versions.backend}, ${same.device}.`,
    `Matrix rate on the model's shapes, GFLOP/s: ${matrix.join(", ")}. 2 x 32 samples, prompts of 150 tokens, ${NEW_TOKENS} chosen tokens; prefill included.`,
    "",
    "| against | peer | ours | ratio | taken by other processes |",
    "|---|---|---|---|---|",
    ...lines,
    "",
    `Soft and fuzzy against hard, time per token: ${["soft", "fuzzy"]
      .map(
        (kind) =>
          `${kind} ${Object.entries(same.decodeRatio[kind])
            .map(([batch, { median }]) => `${median.toFixed(2)} at batch ${batch}`)
            .join(", ")}`,
      )
      .join(
        "; ",
      )}. Training step: ${["soft", "fuzzy"].map((kind) => `${kind} ${same.trainRatio[kind].median.toFixed(2)}`).join(", ")}.`,
    "",
  ].join("\n");
}

function need(value, what) {
  if (value) return value;
  process.stderr.write(`error: ${what}\n`);
  process.exit(2);
}

function say(line) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
