"""Tiny random models of each family with reference values by transformers, as Hugging Face folders.

    python fixtures-scripts/make_models.py        # from packages/model; needs torch, transformers, safetensors, tokenizers

Writes src/fixtures/models/NAME/ (config, weights, tokenizer: what the loader reads) and NAME/expected.safetensors:
`ids` [B, T] left-padded, `lengths` [B], `hidden` [B, T, D] after the final norm, `logits` [B, 2, V] of the last two
positions; for some models `gradient.*` of sum(hidden * coefficient) over the real positions. Versions are in its metadata.
Known divergences: none.
"""

import json
import os
import shutil

import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "fixtures", "models")
V = 272

COMMON = dict(vocab_size=V, num_hidden_layers=2, hidden_act="silu", bos_token_id=264, eos_token_id=265, pad_token_id=266)
LLAMA = dict(COMMON, model_type="llama", architectures=["LlamaForCausalLM"])
QWEN2 = dict(COMMON, model_type="qwen2", architectures=["Qwen2ForCausalLM"], use_sliding_window=False, sliding_window=None)
QWEN3 = dict(COMMON, model_type="qwen3", architectures=["Qwen3ForCausalLM"], use_sliding_window=False, sliding_window=None)

# name -> (config.json as written, lengths of the rows, dtype of the file, shards, with gradients)
MODELS = {
    # transformers 4 style, every bias that a Llama can have, untied head, grouped queries
    "llama-untied": (
        dict(LLAMA, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5,
             max_position_embeddings=128, rope_theta=10000.0, rope_scaling=None, torch_dtype="float32",
             attention_bias=True, mlp_bias=True, tie_word_embeddings=False),
        [9, 4, 7], torch.float32, 1, True),
    # transformers 5 style, llama3 scaling (a frequency in each of its three bands) with positions far beyond the original ones, head size of its own, one key head
    "llama3-rope": (
        dict(LLAMA, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=1, head_dim=8,
             rms_norm_eps=1e-5, max_position_embeddings=256, dtype="float32", tie_word_embeddings=True,
             rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0,
                                  high_freq_factor=4.0, original_max_position_embeddings=32)),
        [140, 97], torch.float32, 1, False),
    # linear scaling in the old spelling, no grouping, float16 weights
    "llama-linear": (
        dict(LLAMA, hidden_size=16, intermediate_size=24, num_attention_heads=2, rms_norm_eps=1e-6,
             max_position_embeddings=128, rope_theta=10000.0, rope_scaling=dict(type="linear", factor=2.0),
             torch_dtype="float16", tie_word_embeddings=True),
        [6, 8], torch.float16, 1, False),
    # SmolLM2's proportions: an odd number of heads, tied
    "smollm2-like": (
        dict(LLAMA, hidden_size=18, intermediate_size=24, num_attention_heads=3, num_key_value_heads=1, head_dim=6,
             rms_norm_eps=1e-5, max_position_embeddings=128, dtype="bfloat16", tie_word_embeddings=True,
             rope_parameters=dict(rope_type="default", rope_theta=100000.0)),
        [8, 8, 3], torch.bfloat16, 1, False),
    # biases on q, k, v; tied; bfloat16 in two shards
    "qwen2": (
        dict(QWEN2, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-6,
             max_position_embeddings=128, rope_theta=1000000.0, torch_dtype="bfloat16", tie_word_embeddings=True),
        [5, 9], torch.bfloat16, 2, True),
    # norms of q and k, head size that does not follow from the others, untied
    "qwen3": (
        dict(QWEN3, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
             rms_norm_eps=1e-6, max_position_embeddings=128, rope_theta=1000000.0, rope_scaling=None, torch_dtype="float32",
             attention_bias=False, tie_word_embeddings=False),
        [9, 2, 6], torch.float32, 1, True),
}


def make_tokenizer():
    """256 bytes, 8 merges, 8 special tokens: V = 272."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("i", "n"), ("Ġ", "a"), ("th", "e"), ("Ġ", "the"), ("e", "r"), ("o", "n"), ("Ġ", "b")]
    vocabulary = {token: index for index, token in enumerate(alphabet + [a + b for a, b in merges])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<|begin|>", "<|end|>", "<|pad|>", "<|eot|>", "<|a|>", "<|b|>", "<|c|>", "<|d|>"]
    tokenizer.add_special_tokens([tokenizers.AddedToken(text, special=True) for text in specials])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", 264)])
    return tokenizer


def randomize(model, generator):
    """Weights of a size at which every part of the computation matters."""
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            values = 1 + 0.2 * torch.randn(parameter.shape, generator=generator)
        elif name.endswith("bias"):
            values = 0.3 * torch.randn(parameter.shape, generator=generator)
        elif "embed_tokens" in name or "lm_head" in name:
            values = 0.6 * torch.randn(parameter.shape, generator=generator)
        else:
            values = torch.randn(parameter.shape, generator=generator) * 1.2 / parameter.shape[1] ** 0.5
        parameter.data.copy_(values)


def batch(lengths, generator):
    T = max(lengths)
    ids = torch.zeros(len(lengths), T, dtype=torch.int64)
    mask = torch.zeros(len(lengths), T, dtype=torch.int64)
    for row, length in enumerate(lengths):
        ids[row, T - length:] = torch.randint(0, V, (length,), generator=generator)
        mask[row, T - length:] = 1
    return ids, mask, (mask.cumsum(-1) - 1).clamp(min=0)


def shard_and_save(weights, folder, shards):
    if shards == 1:
        return save_file(weights, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    names = sorted(weights)
    index = {"metadata": {"total_size": sum(w.numel() * w.element_size() for w in weights.values())}, "weight_map": {}}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = {name: weights[name] for name in names[shard::shards]}
        save_file(part, os.path.join(folder, file), metadata={"format": "pt"})
        index["weight_map"].update({name: file for name in part})
    write_json(folder, "model.safetensors.index.json", index)


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def make(name, config_json, lengths, dtype, shards, with_gradients):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_json(folder, "config.json", config_json)
    write_json(folder, "generation_config.json", {"eos_token_id": [265, 267]})
    write_json(folder, "tokenizer_config.json", {"bos_token": "<|begin|>", "eos_token": "<|end|>", "pad_token": "<|pad|>"})
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        file.write(make_tokenizer().to_str())

    # The reference reads the very file that the loader reads.
    config = transformers.AutoConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    generator = torch.Generator().manual_seed(sum(name.encode()))
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    randomize(model, generator)
    for parameter in model.parameters():  # the reference computes with the rounded weights (and unrounded frequencies)
        parameter.data = parameter.data.to(dtype).to(torch.float32)
    weights = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items()
               if not (config.tie_word_embeddings and k == "lm_head.weight")}
    shard_and_save(weights, folder, shards)

    ids, mask, positions = batch(lengths, generator)
    hidden = model.model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[:, -2:])
    expected = {"ids": ids.to(torch.int32), "lengths": torch.tensor(lengths, dtype=torch.int32),
                "hidden": hidden.detach().contiguous(), "logits": logits.detach().contiguous()}
    if with_gradients:
        coefficient = torch.randn(hidden.shape, generator=generator) * mask[..., None]
        (hidden * coefficient).sum().backward()
        expected["coefficient"] = coefficient
        for key, parameter in model.model.named_parameters():
            expected[f"gradient.model.{key}"] = parameter.grad.contiguous()
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    save_file(expected, os.path.join(folder, "expected.safetensors"), metadata=versions)
    print(name, "largest hidden", hidden.abs().max().item(), "largest logit", logits.abs().max().item())


if __name__ == "__main__":
    print(__doc__)
    for model_name, settings in MODELS.items():
        make(model_name, *settings)
