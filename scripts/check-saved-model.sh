#!/usr/bin/env bash
# What saveModel writes is loaded by transformers, which must find the same ids and logits.
# SOFT_TOKENS_PYTHON: a Python with torch, transformers and safetensors.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SOFT_TOKENS_PYTHON:?set it to a Python with torch, transformers and safetensors}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node --conditions=@soft-tokens/source --import tsx packages/model/scripts/save-for-check.ts "$folder"
"$SOFT_TOKENS_PYTHON" packages/model/fixtures-scripts/check_saved_model.py "$folder"
