"""What transformers writes behind a prompt, greedily and in float32: `python greedy_text.py MODEL_FOLDER PROMPT TOKENS`."""

import sys

import torch
import transformers

folder, prompt, tokens = sys.argv[1:]
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
ids = tokenizer(prompt, return_tensors="pt")
out = model.generate(**ids, do_sample=False, max_new_tokens=int(tokens))
sys.stdout.write(tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))
