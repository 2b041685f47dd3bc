"""Rotary frequencies of many spellings of one setting, by transformers.

    python fixtures-scripts/make_rope.py        # from packages/model; needs torch, transformers

Writes src/fixtures/rope.json: {"versions": ..., "cases": [{"config": config.json, "frequencies": inv_freq as float32}]}.
Known divergences: none.
"""

import json
import os

import torch
import transformers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "fixtures", "rope.json")
SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
             max_position_embeddings=4096)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
LINEAR = dict(rope_type="linear", factor=2.5)
CASES = [
    {}, dict(rope_theta=500000.0), dict(rope_theta=500000, rope_scaling=None), dict(rope_parameters=dict(rope_theta=5e5, rope_type="default")),
    dict(rope_parameters=dict(rope_theta=5e5)), dict(rope_parameters=dict(rope_type="default"), rope_theta=123.0), dict(rope_theta=77.0, rope_parameters={}),
    dict(rope_scaling=LINEAR), dict(rope_scaling=dict(type="linear", factor=2.5), rope_theta=999.5), dict(rope_parameters=dict(LINEAR, rope_theta=50.0)),
    dict(rope_scaling=dict(LINEAR, original_max_position_embeddings=64)), dict(rope_scaling=LINEAR, original_max_position_embeddings=64),
    dict(rope_scaling=dict(LINEAR, type="default")), dict(rope_scaling=dict(rope_type="default", type="mrope", mrope_section=[4, 2, 2])),
    dict(rope_scaling=dict(rope_type="default", factor=4.0), rope_theta=100.0),
    dict(rope_scaling=dict(LLAMA3, original_max_position_embeddings=256), rope_theta=500.0), dict(rope_scaling=LLAMA3, rope_theta=500.0),
    dict(rope_scaling=LLAMA3, original_max_position_embeddings=128, rope_theta=500.0),
    dict(rope_parameters=dict(LLAMA3, rope_theta=500.0), original_max_position_embeddings=128),
    dict(rope_scaling=dict(LLAMA3, original_max_position_embeddings=256), original_max_position_embeddings=128, rope_theta=500.0),
    dict(rope_parameters=dict(LLAMA3, rope_theta=500.0, original_max_position_embeddings=256), original_max_position_embeddings=512),
    dict(rope_theta=1e6, head_dim=24), dict(rope_theta=1e6, head_dim=None), dict(rope_theta=1e6, partial_rotary_factor=1.0),
]


def frequencies(config_json):
    config = transformers.AutoConfig.for_model(**json.loads(json.dumps(config_json)))
    model = transformers.AutoModelForCausalLM.from_config(config)
    return model.model.rotary_emb.inv_freq.to(torch.float64).tolist()


if __name__ == "__main__":
    print(__doc__)
    cases = []
    for family in ["llama", "qwen2", "qwen3"]:
        for case in CASES:
            config = dict(SIZES, model_type=family, **case)
            try:
                cases.append({"config": config, "frequencies": frequencies(config)})
            except Exception as error:  # a config that transformers refuses is none to agree on
                print("left out", family, case, type(error).__name__, str(error)[:80])
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    with open(OUT, "w") as file:
        json.dump({"versions": versions, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")
