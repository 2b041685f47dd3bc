#!/usr/bin/env bash
# The native backend on a bare machine with an NVIDIA GPU, in one command: builds the addon against the machine's own torch, then
# conformance on CUDA, parity on a small model, captured decoding (CUDA graphs) against plain decoding, and the speed of the 1B, 3B
# and 8B shapes with random weights. Nothing is downloaded. The machine needs a Python with torch 2.11, cmake and a C++ compiler; Node 20 is on the PATH or in NODE_DIR
# (a folder with bin/node); the rest is in the bundle of scripts/pack-for-gpu.sh.
#
#   scripts/gpu-check.sh [--dry-run] [--only build,conformance,parity,capture,speed] [--shapes "llama-3.2-1b llama-3.2-3b"]
#
# Results go to OUT, by default ./gpu-results: a log per check, a JSON file per shape, and summary.txt. --dry-run does all of it on
# the CPU with the tiny shape. The exit status is 0 where every check passed.
set -uo pipefail
cd "$(dirname "$0")/.."
exec </dev/null
if [ -n "${NODE_DIR:-}" ]; then PATH=$NODE_DIR/bin:$PATH; fi
out=${OUT:-gpu-results}
device=cuda
shapes="llama-3.2-1b llama-3.2-3b llama-3.1-8b"
only=build,conformance,parity,capture,speed
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) device=cpu shapes=tiny ;;
    --only) only=$2 && shift ;;
    --shapes) shapes=$2 && shift ;;
    *) echo "gpu-check: unknown option $1; wanted --dry-run, --only or --shapes" >&2 && exit 2 ;;
  esac
  shift
done
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
: >"$out/summary.txt"
failed=0

# check NAME COMMAND...: a line of the summary; the end of the output where it fails.
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@" >"$out/$name.log" 2>&1; then
    echo "ok      $name ($((SECONDS - started)) s)" | tee -a "$out/summary.txt"
  else
    failed=$((failed + 1))
    echo "FAILED  $name ($((SECONDS - started)) s)" | tee -a "$out/summary.txt"
    tail -n 40 "$out/$name.log" | sed 's/^/        | /'
    return 1
  fi
}

wants() { [[ ",$only," == *",$1,"* ]]; }
run() { node scripts/run.mjs "$@"; }

environment() {
  node --version || return 1
  uname -srm
  if [ "$device" = cuda ]; then nvidia-smi || return 1; fi
  run train doctor || true # what is missing is said there; the build says it again
}

conformance() {
  SOFT_TOKENS_NATIVE_TESTS=1 SOFT_TOKENS_NATIVE_DEVICE=$device NO_COLOR=1 \
    node node_modules/vitest/vitest.mjs run --project packages/backend-libtorch conformance
}

# A Llama with stored weights: logits of the GPU against those of the embedded backend, in float32 and in bfloat16.
parity() {
  local model=packages/model/src/fixtures/models/smollm2-like ids=5,17,99,3,42,7,12,60 dtype
  run bench logits --model $model --ids $ids --top 50 --backend tfjs-wasm --dtype float32 >"$out/logits-reference.json" || return 1
  for dtype in float32 bfloat16; do
    run bench logits --model $model --ids $ids --top 50 --backend libtorch --dtype $dtype >"$out/logits-$dtype.json" || return 1
  done
  node scripts/compare-logits.mjs "$out/logits-reference.json" "$out/logits-float32.json" 1e-3 &&
    node scripts/compare-logits.mjs "$out/logits-reference.json" "$out/logits-bfloat16.json" 0.15 # weights rounded to 8 bits
}

# The same rollouts by captured steps and by plain ones, and the time of both.
capture() {
  local shape=$1
  local -a size=(--steps 128 --rows 1,2,16,64 --rounds 5)
  if [ "$shape" = tiny ]; then size=(--steps 24 --rows 1,3 --rounds 2); fi
  node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-capture.ts \
    --shape "$shape" --json "$out/capture-$shape.json" "${size[@]}"
}

speed() {
  local shape=$1
  local -a size=(--rounds 2 --memory-budget 16GiB --matrix-side 8192)
  # Moments in bfloat16 leave room for activations beside 8B weights on one GPU of 141 GB.
  if [ "$shape" = llama-3.1-8b ]; then
    size=(--rounds 2 --memory-budget 8GiB --matrix-side 8192 --optimizer-moments bfloat16)
  fi
  if [ "$shape" = tiny ]; then
    size=(--rounds 1 --samples 4 --prompt-tokens 20 --thought-steps 6 --answer-tokens 3 --matrix-side 64)
  fi
  run bench speed --model "$shape" --backend libtorch --profile --json "$out/$shape.json" "${size[@]}"
}

check environment environment
if wants build; then
  check build run build-native || exit 1 # nothing else can be asked
fi
if wants conformance; then check conformance conformance; fi
if wants parity; then check parity parity; fi
if wants capture; then
  shape=${shapes%% *}
  check "capture-$shape" capture "$shape" && cat "$out/capture-$shape.log"
fi
if wants speed; then
  for shape in $shapes; do
    check "speed-$shape" speed "$shape" && cat "$out/speed-$shape.log"
  done
fi
echo "$((failed == 0 ? 0 : failed)) failed; results in $out" | tee -a "$out/summary.txt"
[ "$failed" -eq 0 ]
