"""Top-1 tokens of SmolLM2-135M-Instruct at 1,000 positions of GSM8K text, by transformers in float32 and in bfloat16.

    python smollm2_positions.py MODEL GSM8K_JSONL > ../fixtures/smollm2-positions.json

The first rows of the training set, question and solution, 125 tokens each, without padding. `margin` is the distance of the
two largest float32 logits: a position where it is near 0 is one that no bfloat16 decides.
"""

import json
import sys

import torch
import transformers

ROWS, TOKENS = 8, 125


def main(folder, rows_file):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = []
    with open(rows_file, encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            tokens = tokenizer(row["question"] + "\n" + row["answer"])["input_ids"]
            if len(tokens) >= TOKENS:
                ids.append(tokens[:TOKENS])
            if len(ids) == ROWS:
                break
    logits = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        with torch.no_grad():
            logits[name] = model(torch.tensor(ids)).logits.float()
    largest = logits["float32"].topk(2, dim=-1).values
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "ids": ids,
                "float32": logits["float32"].argmax(-1).tolist(),
                "bfloat16": logits["bfloat16"].argmax(-1).tolist(),
                "margin": [[round(x, 4) for x in row] for row in (largest[..., 0] - largest[..., 1]).tolist()],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
