"""lm-evaluation-harness on rows of this machine: its own tasks, prompts, tokenizer calls and batches, and how long they take.

    python lm_eval_likelihood.py MODEL TASK ROWS_JSONL DTYPE BATCH THREADS > result.json        # needs lm_eval[hf]

TASK is arc_easy, arc_challenge, hellaswag or mmlu, and its YAML is the one that the package brings; only where it reads from is replaced:
by the rows given here, in the form of the hub's data set. MMLU's rows become one task per subject, as there. Prints seconds and
processor seconds of the evaluation without loading the model, and per row the log-probabilities, `acc` and `acc_norm`.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import lm_eval
import torch
import transformers
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

TASKS = pathlib.Path(lm_eval.__file__).parent / "tasks"
LETTERS = "ABCDEFGH"


def hub_form(task, row, index):
    if task.startswith("arc"):
        labels = list(LETTERS[: len(row["choices"])])
        answer = labels[row["answer"]]
        return {"i": index, "question": row["question"], "choices": {"text": row["choices"], "label": labels}, "answerKey": answer}
    if task == "mmlu":
        return {"i": index, **{key: row[key] for key in ("question", "subject", "choices", "answer")}}
    head, stop, clause = (row["ctx"], "", "") if "ctx_a" in row else row["ctx"].rpartition(". ")
    is_open = stop and not clause.rstrip().endswith((".", "?", "!"))
    parts = (row["ctx_a"], row["ctx_b"]) if "ctx_a" in row else (head + ".", clause) if is_open else (row["ctx"], "")
    return {"i": index, "activity_label": row["activity_label"], "ctx_a": parts[0], "ctx_b": parts[1], "endings": row["endings"], "label": str(row["label"])}


def local_task(folder, task, name, rows, subject=None):
    data = folder / f"{name}.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    split = "validation" if task == "hellaswag" else "test"
    include = TASKS / ("mmlu/default/" + f"mmlu_{subject}.yaml" if subject else f"{task.split('_')[0]}/{task}.yaml")
    lines = [
        f"include: {include}",
        f"task: {name}",
        "tag: null",
        "dataset_path: json",
        "dataset_name: null",
        f"dataset_kwargs: {{data_files: {{{split}: {data}}}}}",
        "training_split: null",
        "fewshot_split: null",
        "fewshot_config: null",
        f"validation_split: {'validation' if split == 'validation' else 'null'}",
        f"test_split: {'test' if split == 'test' else 'null'}",
        "num_fewshot: 0",
    ]
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n")
    return name


def main(model_folder, task, rows_file, dtype, batch, threads):
    if int(threads) > 0:
        torch.set_num_threads(int(threads))
    with open(rows_file, encoding="utf8") as lines:
        rows = [hub_form(task, json.loads(line), index) for index, line in enumerate(lines)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        os.environ["HF_DATASETS_CACHE"] = str(folder / "cache")
        if task == "mmlu":
            subjects = sorted({row["subject"] for row in rows})
            names = [local_task(folder, task, f"local_{s}", [r for r in rows if r["subject"] == s], s) for s in subjects]
        else:
            names = [local_task(folder, task, f"local_{task}", rows)]
        manager = TaskManager(include_path=str(folder))
        model = HFLM(pretrained=model_folder, dtype=dtype, batch_size=int(batch), device="cpu")
        seconds, processor = time.perf_counter(), time.process_time()
        results = lm_eval.simple_evaluate(model=model, tasks=names, task_manager=manager, bootstrap_iters=0, log_samples=True)
        seconds, processor = time.perf_counter() - seconds, time.process_time() - processor
    samples = [sample for name in names for sample in results["samples"][name]]
    scored = [
        {
            "index": sample["doc"]["i"],
            "context": sample["arguments"][0][0] if isinstance(sample["arguments"], (list, tuple)) else sample["arguments"]["gen_args_0"]["arg_0"],
            "logProbs": [float(resp[0]) for resp in sample["filtered_resps"]],
            "acc": sample["acc"],
            "acc_norm": sample.get("acc_norm"),
        }
        for sample in samples
    ]
    versions = {"lm_eval": lm_eval.__version__, "torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps({"seconds": seconds, "processorSeconds": processor, "threads": torch.get_num_threads(), "versions": versions, "rows": sorted(scored, key=lambda row: row["index"])}))


if __name__ == "__main__":
    # What the harness prints belongs to standard error: the result is the only line here.
    out, sys.stdout = sys.stdout, sys.stderr
    print_line = print

    def print(text):  # noqa: A001
        print_line(text, file=out)

    main(*sys.argv[1:])
