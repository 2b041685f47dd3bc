"""Log-probabilities of multiple-choice answers by transformers in float32: the reference that `evaluate` is checked against.

    python likelihood_pytorch.py MODEL < requests.jsonl > results.jsonl

A request is {"task": "arc_easy" | "arc_challenge" | "hellaswag" | "mmlu", "line": N, "row": {...}} with a row of the data set. A result
is {"task", "line", "context", "choices": [{"text", "tokens", "logProb"}], "gold"}. Nothing is shared with the program it checks: prompts
are written here after lm-evaluation-harness's task files, every choice is a sequence of its own, whole, without padding or batches,
and the log-softmax is taken in float64.

Prompts (lm_eval/tasks/{arc,hellaswag,mmlu}, no examples) and tokens (`_encode_pair` in lm_eval/api/model.py) as at commit
4e7e0d47f33bc71070c1d38394bafbb52b117163.
"""

import json
import re
import sys

import torch
import transformers


def arc(row):
    return f"Question: {row['question']}\nAnswer:", row["choices"], row["answer"]


def preprocess(text):
    text = text.strip().replace(" [title]", ". ")
    return re.sub("\\[.*?\\]", "", text).replace("  ", " ")


def hellaswag(row):
    if "ctx_a" in row:
        context = row["ctx_a"] + " " + row["ctx_b"].capitalize()
    else:  # one piece: the clause behind its last full stop is ctx_b, unless it is a whole sentence
        head, stop, clause = row["ctx"].rpartition(". ")
        if stop and not clause.rstrip().endswith((".", "?", "!")):
            clause = clause[:1].upper() + clause[1:]
        context = head + stop + clause
    return preprocess(f"{row['activity_label']}: {context}"), [preprocess(e) for e in row["endings"]], int(row["label"])


def mmlu(row):
    about = row["subject"].replace("_", " ")
    options = "".join(f"{letter}. {choice}\n" for letter, choice in zip("ABCD", row["choices"], strict=True))
    head = f"The following are multiple choice questions (with answers) about {about}.\n\n"
    return f"{head}{row['question'].strip()}\n{options}Answer:", ["A", "B", "C", "D"], row["answer"]


FORMS = {"arc_easy": arc, "arc_challenge": arc, "hellaswag": hellaswag, "mmlu": mmlu}


def encode_pair(tokenizer, context, continuation):
    spaces = len(context) - len(context.rstrip())
    if spaces > 0:
        continuation = context[-spaces:] + continuation
        context = context[:-spaces]
    whole = tokenizer.encode(context + continuation)
    start = tokenizer.encode(context)
    return start, whole[len(start) :]


def log_softmax_at_end(model, fed, count, known):
    """Of the last `count` positions of one sequence. MMLU's letters are fed the same one: it is computed once."""
    key = (tuple(fed), count)
    if key not in known:
        known.clear()
        with torch.inference_mode():
            logits = model(torch.tensor([fed]), logits_to_keep=count).logits[0]
            known[key] = logits.double().log_softmax(-1)
    return known[key]


def log_probability(model, context_ids, ids, known):
    chosen = log_softmax_at_end(model, (context_ids + ids)[:-1], len(ids), known)
    return chosen[torch.arange(len(ids)), torch.tensor(ids)].sum().item()


def main(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for line in sys.stdin:
        request = json.loads(line)
        context, choices, gold = FORMS[request["task"]](request["row"])
        scored, known = [], {}
        for choice in choices:
            context_ids, ids = encode_pair(tokenizer, context, " " + choice)
            log_prob = log_probability(model, context_ids, ids, known)
            scored.append({"text": " " + choice, "tokens": len(ids), "logProb": log_prob})
        result = {"task": request["task"], "line": request["line"], "context": context, "choices": scored, "gold": gold}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    main(*sys.argv[1:])
