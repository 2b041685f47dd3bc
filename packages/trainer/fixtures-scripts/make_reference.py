"""
Reference values for the trainers, computed with PyTorch autograd and transformers' own models. No code is shared with
the package: samples are passed one by one, without padding, batching, chunks or hand-derived gradients.

Run:  python packages/trainer/fixtures-scripts/make_reference.py
Needs torch, transformers, tokenizers, safetensors, numpy; their versions are stored in each cases.json.

Writes packages/trainer/src/fixtures/{llama,qwen2}/
  config.json, tokenizer.json, tokenizer_config.json, model.safetensors   a tiny random model, float32
  cases.json          rollouts (token ids, rewards), log-probabilities, losses, gradient norms, learning rates
  cases.safetensors   CASE/thoughts     stored h~ of all samples, [sum of T, D]
                      CASE/gradient/N   gradient of the loss with respect to parameter N, [out, in] as in the model file
                      CASE/after/N      parameter N after three AdamW steps on the same batch
Cases: hard, soft, fuzzy (RLOO) for both models; supervised for llama; fuzzy-tie for qwen2.

The model runs in float64 (transformers' norms compute in float32 inside). Fuzzy thoughts are drawn until no position has
its two largest logits closer than MIN_GAP: at tau = 1e-4 the softmax is then one-hot in float32 and in float64 alike.
fuzzy-tie is the known divergence: in one position the second logit is moved to 2 tau below the first, where a float32
logit error of 1e-7 is a relative error of 1e-3 in p. The test compares that case with looser bounds.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

OUT = Path(__file__).resolve().parent.parent / "src" / "fixtures"
MIN_GAP = 5e-3
NOISE_SCALE = 0.33
THOUGHTS = {"hard": (1.0, False), "soft": (0.5, True), "fuzzy": (1e-4, True)}
CLIP = 1.0
LEARNING_RATES = [1e-4, 3e-4, 2e-4]
REWARDS = [[100.0, 10.0, 0.0, 0.0], [10.0, 10.0, 100.0, 10.0]]
THOUGHT_LENGTHS = [[5, 3, 6, 1], [2, 4, 0, 6]]
ANSWER_LENGTHS = [[2, 3, 1, 4], [3, 2, 4, 1]]
PROMPTS = ["2+3?", "7 + 12 = ?"]
FORCED = [" \\boxed{", "; \\boxed{"]

CHARACTERS = "0123456789+-=;:.?{}\\ abcdefghijklmnopqrstuvwxyzTUA"


def byte_level_tokenizer():
    """One token per printable character, in the byte-level form that Llama 3 and Qwen2 use."""
    symbols = [character.replace(" ", "\u0120") for character in CHARACTERS]
    vocabulary = {symbol: index for index, symbol in enumerate(symbols)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(["<bos>", "<eos>"])
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A $B", special_tokens=[("<bos>", tokenizer.token_to_id("<bos>"))]
    )
    return tokenizer


def random_model(family, vocabulary, bos, eos):
    shared = dict(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=bos, eos_token_id=eos,
        attn_implementation="eager",
    )
    if family == "llama":
        model = LlamaForCausalLM(LlamaConfig(**shared, tie_word_embeddings=True))
    else:
        model = Qwen2ForCausalLM(Qwen2Config(**shared, tie_word_embeddings=False))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.2 * torch.randn_like(parameter))
            else:
                parameter.copy_(0.3 * torch.randn_like(parameter))
    return model.double().eval()


def write_model(folder, model, tokenizer, family):
    c = model.config
    config = {
        "architectures": [type(model).__name__], "model_type": family, "vocab_size": c.vocab_size,
        "hidden_size": c.hidden_size, "intermediate_size": c.intermediate_size,
        "num_hidden_layers": c.num_hidden_layers, "num_attention_heads": c.num_attention_heads,
        "num_key_value_heads": c.num_key_value_heads, "max_position_embeddings": c.max_position_embeddings,
        "rms_norm_eps": c.rms_norm_eps, "rope_theta": 10000.0, "tie_word_embeddings": c.tie_word_embeddings,
        "bos_token_id": c.bos_token_id, "eos_token_id": c.eos_token_id, "hidden_act": "silu", "torch_dtype": "float32",
    }
    if family == "llama":
        config |= {"attention_bias": False, "mlp_bias": False}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": "<eos>"}, indent=2) + "\n"
    )
    weights = {name: p.detach().float().contiguous() for name, p in model.named_parameters()}
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})


def hidden_and_logits(model, inputs_TD):
    output = model.model(inputs_embeds=inputs_TD[None], use_cache=False)
    hidden_TD = output.last_hidden_state[0]
    return hidden_TD @ model.lm_head.weight.T


def draw_rollouts(model, tokenizer, thought, generator):
    """Thoughts drawn step by step with the full forward pass; answers at temperature 1."""
    tau, noisy = THOUGHTS[thought]
    E = model.model.embed_tokens.weight.detach()
    sigma = NOISE_SCALE * E.pow(2).mean().sqrt().item()
    rollouts, smallest_gap = [], math.inf
    for p, prompt in enumerate(PROMPTS):
        prompt_ids = tokenizer.encode(prompt).ids
        for g in range(len(REWARDS[p])):
            inputs = E[prompt_ids]
            shadow, thoughts = [], []
            with torch.no_grad():
                for _ in range(THOUGHT_LENGTHS[p][g]):
                    z = hidden_and_logits(model, inputs)[-1]
                    probabilities = torch.softmax(z / tau, -1)
                    top = z.topk(2).values
                    if noisy:
                        smallest_gap = min(smallest_gap, (top[0] - top[1]).item())
                        noise = torch.randn(E.shape[1], generator=generator, dtype=torch.float64)
                        row = (probabilities @ E + sigma * noise).float().double()
                        shadow.append(z.argmax().item())
                        thoughts.append(row)
                    else:
                        token = torch.multinomial(probabilities, 1, generator=generator).item()
                        shadow.append(token)
                        row = E[token]
                    inputs = torch.cat([inputs, row[None]])
                forced_ids = tokenizer.encode(FORCED[p], add_special_tokens=False).ids
                inputs = torch.cat([inputs, E[forced_ids]])
                answer = []
                for _ in range(ANSWER_LENGTHS[p][g]):
                    z = hidden_and_logits(model, inputs)[-1]
                    token = torch.multinomial(torch.softmax(z, -1), 1, generator=generator).item()
                    answer.append(token)
                    inputs = torch.cat([inputs, E[[token]]])
            rollouts.append(
                dict(promptIndex=p, sampleIndex=g, promptIds=prompt_ids, shadowIds=shadow, forcedIds=forced_ids,
                     answerIds=answer, thoughts=torch.stack(thoughts) if thoughts else torch.zeros(0, E.shape[1]).double())
            )
    return rollouts, tau, (sigma if noisy else 0.0), smallest_gap


def sample_log_probs(model, rollout, thought, tau, sigma, embedding_gradient=True):
    """(thought, answer) log-probability of one stored sample, with gradient."""
    E = model.model.embed_tokens.weight
    stored = rollout["thoughts"].double()
    thought_inputs = E[rollout["shadowIds"]] if thought == "hard" else stored
    prefix, T = len(rollout["promptIds"]), len(rollout["shadowIds"])
    inputs = torch.cat([E[rollout["promptIds"]], thought_inputs, E[rollout["forcedIds"]], E[rollout["answerIds"]]])
    z = hidden_and_logits(model, inputs)
    z_thought = z[prefix - 1 : prefix - 1 + T]
    if thought == "hard":
        picked = torch.log_softmax(z_thought / tau, -1).gather(1, torch.tensor(rollout["shadowIds"], dtype=torch.long)[:, None])
        thought_sum = picked.sum()
    else:
        mu = torch.softmax(z_thought / tau, -1) @ (E if embedding_gradient else E.detach())
        thought_sum = -((stored - mu) ** 2).sum() / (2 * sigma**2)
    start = prefix + T + len(rollout["forcedIds"]) - 1
    z_answer = z[start : start + len(rollout["answerIds"])]
    answer_sum = torch.log_softmax(z_answer, -1).gather(1, torch.tensor(rollout["answerIds"])[:, None]).sum()
    return thought_sum, answer_sum


def rloo_loss(model, rollouts, thought, tau, sigma, **options):
    total, logs = 0.0, []
    count = len(rollouts)
    for rollout in rollouts:
        group = REWARDS[rollout["promptIndex"]]
        mine = group[rollout["sampleIndex"]]
        advantage = mine - (sum(group) - mine) / (len(group) - 1)
        t, a = sample_log_probs(model, rollout, thought, tau, sigma, **options)
        logs.append((t.item(), a.item()))
        total = total - advantage * (t + a) / count
    return total, logs


SUPERVISED = [("2+3?", "5"), ("7 + 12 = ?", "19; ok"), ("1?", "{1}")]


def supervised_loss(model, tokenizer):
    E = model.model.embed_tokens.weight
    total, count = 0.0, 0
    for prompt, completion in SUPERVISED:
        prompt_ids = tokenizer.encode(prompt).ids
        ids = tokenizer.encode(completion, add_special_tokens=False).ids + [tokenizer.token_to_id("<eos>")]
        z = hidden_and_logits(model, E[prompt_ids + ids])
        start = len(prompt_ids) - 1
        total = total + torch.nn.functional.cross_entropy(z[start : start + len(ids)], torch.tensor(ids), reduction="sum")
        count += len(ids)
    return total / count


def gradients_and_steps(model, loss_of, weight_decay):
    """Gradients at the start, then three AdamW steps of torch.optim with clipping; the model is put back afterwards."""
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=weight_decay)
    losses, norms, gradients = [], [], {}
    for rate in LEARNING_RATES:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        if not gradients:
            gradients = {n: (torch.zeros_like(p) if p.grad is None else p.grad.clone()) for n, p in model.named_parameters()}
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    after = {n: p.detach().clone() for n, p in model.named_parameters()}
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(start[name])
    return losses, norms, gradients, after


def make_family(family, seed):
    torch.manual_seed(seed)
    tokenizer = byte_level_tokenizer()
    vocabulary = tokenizer.get_vocab_size()
    model = random_model(family, vocabulary, tokenizer.token_to_id("<bos>"), tokenizer.token_to_id("<eos>"))
    with torch.no_grad():  # weights that float32 holds exactly
        for parameter in model.parameters():
            parameter.copy_(parameter.float().double())
    folder = OUT / family
    write_model(folder, model, tokenizer, family)
    decay = 0.0 if family == "llama" else 0.1
    tensors, cases = {}, {}

    def record(name, loss_of, extra, embedding_off=None):
        losses, norms, gradients, after = gradients_and_steps(model, loss_of, decay)
        for n in gradients:
            tensors[f"{name}/gradient/{n}"] = gradients[n].float().contiguous()
            if name != "fuzzy-tie":
                tensors[f"{name}/after/{n}"] = after[n].float().contiguous()
        cases[name] = {"losses": losses, "gradientNorms": norms, **extra}
        if embedding_off is not None:
            cases[name]["embeddingGradientOff"] = embedding_off()

    def rloo_case(name, thought, rollouts, tau, sigma, gap):
        with torch.no_grad():
            _, logs = rloo_loss(model, rollouts, thought, tau, sigma)

        def embedding_off():
            model.zero_grad()
            loss, _ = rloo_loss(model, rollouts, thought, tau, sigma, embedding_gradient=False)
            loss.backward()
            norm = model.model.embed_tokens.weight.grad.norm().item()
            model.zero_grad()
            return {"loss": loss.item(), "embeddingGradientNorm": norm}

        extra = {
            "thought": thought, "temperature": tau, "sigma": sigma, "smallestGap": None if gap == math.inf else gap,
            "rewards": REWARDS,
            "rollouts": [
                {k: v for k, v in r.items() if k != "thoughts"} | {"thoughtLogProb": l[0], "answerLogProb": l[1]}
                for r, l in zip(rollouts, logs)
            ],
        }
        record(name, lambda: rloo_loss(model, rollouts, thought, tau, sigma)[0], extra,
               embedding_off if thought != "hard" else None)
        if thought != "hard":
            tensors[f"{name}/thoughts"] = torch.cat([r["thoughts"] for r in rollouts]).float().contiguous()

    for thought in THOUGHTS:
        for attempt in range(100):
            generator = torch.Generator().manual_seed(1000 * seed + attempt)
            rollouts, tau, sigma, gap = draw_rollouts(model, tokenizer, thought, generator)
            if thought != "fuzzy" or gap > MIN_GAP:
                break
        else:
            sys.exit(f"{family}: no fuzzy rollouts with gaps above {MIN_GAP}")
        rloo_case(thought, thought, rollouts, tau, sigma, gap)

    if family == "llama":
        record("supervised", lambda: supervised_loss(model, tokenizer),
               {"examples": [{"prompt": p, "completion": c} for p, c in SUPERVISED]})
    else:
        # Move the runner-up's head row so that one stored position has a logit gap of exactly 2 tau. Untied head: E stays.
        tau = THOUGHTS["fuzzy"][0]
        rollout = next(r for r in rollouts if len(r["shadowIds"]) >= 3)
        E = model.model.embed_tokens.weight.detach()
        with torch.no_grad():
            inputs = torch.cat([E[rollout["promptIds"]], rollout["thoughts"].double()])
            h = model.model(inputs_embeds=inputs[None], use_cache=False).last_hidden_state[0][len(rollout["promptIds"]) - 1]
            top = (model.lm_head.weight @ h).topk(2)
            row = top.indices[1].item()
            before = model.lm_head.weight[row].clone()
            moved = before + h * ((top.values[0] - top.values[1] - 2 * tau) / (h @ h))
            model.lm_head.weight[row] = moved.float().double()
            left = (model.lm_head.weight @ h).topk(2).values
        tensors["fuzzy-tie/head-row"] = model.lm_head.weight[row].detach().float().contiguous()
        rloo_case("fuzzy-tie", "fuzzy", rollouts, tau, sigma, (left[0] - left[1]).item())
        cases["fuzzy-tie"]["headRow"] = row
        with torch.no_grad():
            model.lm_head.weight[row] = before

    save_file(tensors, str(folder / "cases.safetensors"))
    document = {
        "madeBy": "packages/trainer/fixtures-scripts/make_reference.py",
        "versions": {"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__,
                     "tokenizers": tokenizers.__version__, "safetensors": safetensors.__version__, "numpy": np.__version__},
        "divergences": {"fuzzy-tie": "one logit gap of 2 tau: float32 logits are 1e-7 off, p is 1e-3 off; looser bounds"},
        "clip": CLIP, "learningRates": LEARNING_RATES, "weightDecay": decay, "cases": cases,
    }
    (folder / "cases.json").write_text(json.dumps(document, indent=1) + "\n")
    for name, case in cases.items():
        print(family, name, "loss", case["losses"][0], "norms", case["gradientNorms"], "gap", case.get("smallestGap"))


if __name__ == "__main__":
    make_family("llama", 1)
    make_family("qwen2", 2)
