"""Loads models that saveModel wrote with transformers and compares ids and logits.

    python fixtures-scripts/check_saved_model.py FOLDER      # FOLDER as scripts/save-for-check.ts wrote it

Needs torch, transformers, safetensors. Prints `N passed, N failed` and exits with 1 if one failed.
"""

import os
import sys

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-4


def check(folder):
    model_folder = os.path.join(folder, "model")
    model, info = AutoModelForCausalLM.from_pretrained(model_folder, output_loading_info=True, attn_implementation="eager")
    problems = {key: value for key, value in info.items() if value}
    if problems:
        return f"loading: {problems}"
    if folder.endswith("bfloat16") != (model.dtype == torch.bfloat16):
        return f"dtype {model.dtype}"
    with safe_open(os.path.join(folder, "logits.safetensors"), "pt") as file:
        text, ids, want = file.metadata()["text"], file.get_tensor("ids"), file.get_tensor("logits")
    own = AutoTokenizer.from_pretrained(model_folder)(text)["input_ids"]
    if own != ids.tolist():
        return f"ids {own}, wanted {ids.tolist()}"
    # The weights as saved, the computation in float32. (`model.float()` would keep rounded rotary frequencies.)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        got = model(input_ids=ids[None]).logits
    difference = (got - want).abs().max().item()
    return "" if difference < TOLERANCE else f"logits differ by {difference}"


if __name__ == "__main__":
    folders = sorted(entry.path for entry in os.scandir(sys.argv[1]) if entry.is_dir())
    failures = [(folder, problem) for folder in folders if (problem := check(folder))]
    for folder, problem in failures:
        print(f"failed: {os.path.basename(folder)}: {problem}")
    print(f"{len(folders) - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures or not folders else 0)
