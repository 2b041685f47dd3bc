#!/usr/bin/env bash
# Everything that scripts/gpu-check.sh needs, in one archive for a machine without a network: the checkout's files and of
# node_modules what the programs and their tests load, without source maps, types and other variants. With --node the Node that
# runs this script goes along (about 25 MiB more).
#
#   scripts/pack-for-gpu.sh [--node] [ARCHIVE]        by default gpu-bundle.tar.xz
#   there:  tar -xJf gpu-bundle.tar.xz && cd soft-tokens && NODE_DIR=$PWD/node scripts/gpu-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."
with_node=
archive=gpu-bundle.tar.xz
for argument in "$@"; do
  if [ "$argument" = --node ]; then with_node=1; else archive=$argument; fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/soft-tokens
mkdir "$bundle"
# Tracked files and new ones; what was deleted but is still tracked is left out.
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
  tar --null --no-recursion -cf - -T - | tar -xf - -C "$bundle"
node scripts/list-runtime-files.mjs | tar --null --no-recursion -cf - -T - | tar -xf - -C "$bundle"
if [ -n "$with_node" ]; then
  mkdir -p "$bundle/node/bin"
  cp "$(command -v node)" "$bundle/node/bin/node"
fi
tar -C "$work" -cf - soft-tokens | xz -T0 -6 >"$archive"
bytes=$(wc -c <"$archive")
echo "$archive: $((bytes >> 20)) MiB, $(tar -tJf "$archive" | wc -l) entries"
if [ "$bytes" -gt $((64 << 20)) ]; then
  echo "error: larger than 64 MiB" >&2
  exit 1
fi
