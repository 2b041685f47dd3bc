"""
Makes the tiny model of the sampler's tests: a byte-level BPE tokenizer and a two-layer Llama that was trained for a
minute on sentences of the method's form, so that its thoughts really end in `The final answer is: \\boxed{...}`.

Run:  python tiny_model.py        (PyTorch, transformers, tokenizers; writes ../src/fixtures/tiny-llama)

The sentences contain what the engine has to cope with: stop strings that a token completes and overruns (` \\`, ` $`) or
completes exactly, thoughts that end without one, nested and escaped braces, multi-byte characters, unclosed boxes.
"""

import json
import pathlib
import random

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent.parent / "src" / "fixtures" / "tiny-llama"
BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def sentence(rng):
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    total = a + b
    prompt = f"User: {a}+{b}? Assistant:"
    steps = [f" {a}+{b}={total}", f" sum {total}", " café 😀", " so", " now we add", f" {b}+{a}={total}"]
    thought = "".join(rng.choice([",", "."]).join(["", step]) for step in rng.sample(steps, rng.randint(1, 4)))
    thought = thought.lstrip(",.") + rng.choice([".", ".\n", ","])
    ending = rng.random()
    if ending < 0.12:
        return prompt, thought  # ends without an answer
    box = rng.choice([f"{total}", f"\\frac{{{a}}}{{{b}}}", f"\\{{{a},{b}\\}}", f"{total}", f"{total}"])
    space = "" if thought.endswith("\n") else " "
    opening = rng.choice(["\\boxed{", "\\boxed{", "\\boxed{", "$", ""])
    closing = {"$": "$", "": "."}.get(opening, "" if rng.random() < 0.15 else rng.choice(["}", "}."]))
    return prompt, f"{thought}{space}The final answer is: {opening}{box}{closing}"


def make_tokenizer(corpus):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        limit_alphabet=256,
        show_progress=False,
    )
    tokenizer.train_from_iterator([text.replace("😀", "") for text in corpus], trainer)  # leaves the emoji in bytes
    bos = tokenizer.token_to_id(BOS)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, bos)]
    )
    return tokenizer


def main():
    rng = random.Random(5)
    torch.manual_seed(5)
    corpus = [sentence(rng) for _ in range(4000)]
    tokenizer = make_tokenizer([prompt + rest for prompt, rest in corpus])
    bos, eos = tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS)
    config = transformers.LlamaConfig(
        # four rows more than tokens, as matrices are padded in practice
        vocab_size=tokenizer.get_vocab_size() + 4,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=256,
        rope_theta=10000.0,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=bos,
        eos_token_id=eos,
        attention_bias=False,
        mlp_bias=False,
    )
    model = transformers.LlamaForCausalLM(config)
    sequences = [tokenizer.encode(prompt + rest).ids + [eos] for prompt, rest in corpus]
    steps, batch = 700, 32
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        rows = rng.sample(sequences, batch)
        longest = max(map(len, rows))
        ids = torch.tensor([row + [eos] * (longest - len(row)) for row in rows])
        labels = torch.tensor([row + [-100] * (longest - len(row)) for row in rows])
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(step, round(loss.item(), 4))

    FOLDER.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
    (FOLDER / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": BOS,
                "eos_token": EOS,
                "clean_up_tokenization_spaces": False,
                "model_max_length": 256,
            },
            indent=1,
        )
        + "\n"
    )
    print("vocabulary", tokenizer.get_vocab_size(), "parameters", sum(p.numel() for p in model.parameters()))
    print(tokenizer.encode(" The final answer is: \\boxed{12}", add_special_tokens=False).tokens)


if __name__ == "__main__":
    main()
