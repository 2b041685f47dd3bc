"""What each rounding to bfloat16 contributes to the logits of SmolLM2-135M: the table of docs/decisions/0907.

    python smollm2_roundings.py MODEL_FOLDER

Computes in float32, the stream too, and rounds only at the named places, at the positions of fixtures/smollm2-positions.json.
Prints, for all places, each alone and all but each: agreement of the most probable token with float32, the same where the two
largest logits are more than 0.05 apart, and the root mean square error of the logits (less their mean, which no softmax sees).
"""

import json
import sys
from pathlib import Path

import safetensors.torch
import torch

PLACES = ["norm before weight", "norm", "query", "key", "value", "weights", "attended", "activation", "last norm"]


def rounded(x):
    return x.bfloat16().float()


class Model:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        rope = self.config.get("rope_parameters") or self.config
        self.weights = {k: v.float() for k, v in safetensors.torch.load_file(folder / "model.safetensors").items()}
        self.theta = rope["rope_theta"]

    def logits(self, ids, places):
        config, weights = self.config, self.weights
        N, K = config["num_attention_heads"], config["num_key_value_heads"]
        B, T = ids.shape
        D = config["hidden_size"]
        H = D // N
        frequency = 1 / self.theta ** (torch.arange(0, H, 2).float() / H)
        angle = torch.arange(T).float()[:, None] * frequency[None]
        cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
        causal = torch.full((T, T), float("-inf")).triu(1)

        def at(place, x):
            return rounded(x) if place in places else x

        def rotate(x):
            first, second = x[..., : H // 2], x[..., H // 2 :]
            return x * cos + torch.cat([-second, first], -1) * sin

        def norm(x, weight, place):
            scaled = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + config["rms_norm_eps"])
            return at(place, at("norm before weight", scaled) * weight)

        stream = weights["model.embed_tokens.weight"][ids]
        for layer in range(config["num_hidden_layers"]):

            def project(x, name, layer=layer):
                return x @ weights[f"model.layers.{layer}.{name}.weight"].T

            def heads(x, count):
                return x.view(B, T, count, H).transpose(1, 2)

            prefix = f"model.layers.{layer}."
            x = norm(stream, weights[prefix + "input_layernorm.weight"], "norm")
            query = at("query", rotate(heads(project(x, "self_attn.q_proj"), N)))
            key = at("key", rotate(heads(project(x, "self_attn.k_proj"), K))).repeat_interleave(N // K, 1)
            value = heads(at("value", project(x, "self_attn.v_proj")), K).repeat_interleave(N // K, 1)
            scores = query @ key.transpose(-1, -2) / H**0.5 + causal
            exponentials = (scores - scores.max(-1, keepdim=True).values).exp()
            total = exponentials.sum(-1, keepdim=True)
            attended = at("attended", at("weights", exponentials) @ value / total)
            stream = stream + project(attended.transpose(1, 2).reshape(B, T, D), "self_attn.o_proj")
            x = norm(stream, weights[prefix + "post_attention_layernorm.weight"], "norm")
            gate = torch.nn.functional.silu(project(x, "mlp.gate_proj"))
            stream = stream + project(at("activation", gate * project(x, "mlp.up_proj")), "mlp.down_proj")
        x = norm(stream, weights["model.norm.weight"], "last norm")
        return x @ weights["model.embed_tokens.weight"].T


@torch.no_grad()
def main():
    model = Model(Path(sys.argv[1]))
    positions = json.loads((Path(__file__).parent.parent / "fixtures" / "smollm2-positions.json").read_text())
    ids, wanted = torch.tensor(positions["ids"]), torch.tensor(positions["float32"])
    decided = torch.tensor(positions["margin"]) > 0.05
    exact = model.logits(ids, [])
    print(f"float32 agrees at {(exact.argmax(-1) == wanted).float().mean():.1%}")
    cases = [("all", PLACES)]
    cases += [(f"only {place}", [place]) for place in PLACES]
    cases += [(f"all but {place}", [other for other in PLACES if other != place]) for place in PLACES]
    for name, places in cases:
        z = model.logits(ids, places)
        same = z.argmax(-1) == wanted
        error = z - exact
        error = (error - error.mean(-1, keepdim=True)).pow(2).mean().sqrt()
        print(f"{name:28} {same.float().mean():6.1%}  {int((same & decided).sum())}/{int(decided.sum())}  {error:.4f}")


main()
