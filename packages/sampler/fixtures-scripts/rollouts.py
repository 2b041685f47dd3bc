"""
Rollouts of the six modes by a plain PyTorch loop over transformers: the whole sequence through the model again for every
token, one sample at a time, in float32. Same keys as the engine, so the same rollouts.

Run:  python tiny_model.py   (once)
      python rollouts.py     (PyTorch, transformers; writes ../src/fixtures/rollouts.json)

A sample is kept only where no decision hangs on rounding: a sampled token's uniform number is not at a border of the
cumulative sum, and the two largest logits of a greedy or fuzzy step are not nearly equal.
"""

import base64
import json
import pathlib

import numpy as np
import torch
import transformers
from random_keys import fold, from_seed, normal, uniform

FOLDER = pathlib.Path(__file__).parent.parent / "src" / "fixtures"
PROMPTS = ["User: 3+4? Assistant:", "User: 8+5? Assistant: 8+5", "x"]
SEEDS = 12
KEEP_PER_MODE = 7
MAX_THOUGHT, MAX_ANSWER = 28, 10
STOP, PREFIX = b"The final answer is: ", b"\\boxed{"
MODES = {
    "hard-greedy": (0.0, 0.0),
    "hard-sample": (1.0, 0.0),
    "soft-greedy": (0.5, 0.0),
    "soft-sample": (0.5, 0.33),
    "fuzzy-greedy": (1e-4, 0.0),
    "fuzzy-sample": (1e-4, 0.33),
}


class Fragile(Exception):
    """A decision that another summation order could change."""


class Loop:
    def __init__(self):
        folder = FOLDER / "tiny-llama"
        self.model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.embedding = self.model.get_input_embeddings().weight.detach()
        self.rms = self.embedding.double().square().mean().sqrt().item()
        self.eos = self.model.config.eos_token_id
        self.special = set(self.tokenizer.all_special_ids)
        self.bytes_of_character = byte_characters()

    def text(self, ids):
        joined = b""
        for token_id in ids:
            token = self.tokenizer.convert_ids_to_tokens(token_id)
            if token is not None and token_id not in self.special:
                joined += bytes(self.bytes_of_character[c] for c in token)
        return joined

    def encode(self, text):
        return self.tokenizer.encode(text.decode(), add_special_tokens=False)

    def logits(self, inputs):
        return self.model(inputs_embeds=torch.stack(inputs)[None]).logits[0, -1].float()

    def draw(self, logits, temperature, key):
        """-> id, log-probability (None where greedy), entropy"""
        log_p = torch.log_softmax(logits.double() / (temperature or 1.0), -1)
        entropy = -(log_p.exp() * log_p).sum().item()
        if temperature == 0:
            self.check_gap(logits, 1e-3)
            return logits.argmax().item(), None, entropy
        cumulative = log_p.exp().cumsum(-1).numpy()
        number = uniform(key)
        if np.abs(cumulative - number).min() < 1e-5:
            raise Fragile
        chosen = int(np.searchsorted(cumulative, number, side="right"))
        return chosen, log_p[chosen].item(), entropy

    @staticmethod
    def check_gap(logits, wanted):
        first, second = logits.topk(2).values
        if first - second < wanted:
            raise Fragile

    @torch.no_grad()
    def run(self, mode, prompt_ids, key):
        name = mode.split("-")[0]
        temperature, noise_scale = MODES[mode]
        sigma = noise_scale * self.rms
        answer_temperature = 0.0 if mode.endswith("greedy") else 1.0
        inputs = [self.embedding[i] for i in prompt_ids]
        shadow, thoughts, log_probs, entropies, stop = [], [], [], [], "limit"
        while len(shadow) < MAX_THOUGHT and stop == "limit":
            logits = self.logits(inputs)
            step_key = fold(key, "thought", len(shadow))
            if name == "hard":
                chosen, log_prob, entropy = self.draw(logits, temperature, step_key)
                shadow.append(chosen)
                inputs.append(self.embedding[chosen])
            else:
                self.check_gap(logits, 20 * temperature if name == "fuzzy" else 1e-3)
                log_p = torch.log_softmax(logits.double() / temperature, -1)
                p = log_p.exp()
                entropy = -(p * log_p).nan_to_num().sum().item()
                mean = (p.float() @ self.embedding).float()
                shadow.append(logits.argmax().item())
                noise = torch.from_numpy(normal(step_key, mean.shape[0])) if sigma else torch.zeros_like(mean)
                thought = mean + sigma * noise
                log_prob = -((thought - mean).double().square().sum() / (2 * sigma**2)).item() if sigma else None
                thoughts.append(thought.numpy())
                inputs.append(thought)
            log_probs.append(log_prob)
            entropies.append(entropy)
            if STOP in self.text(shadow):
                stop = "stop-string"
            elif shadow[-1] == self.eos:
                stop = "end-of-sequence"

        written = self.text(shadow)
        if stop == "stop-string":
            overhang = written[written.index(STOP) + len(STOP) :]
            forced = self.encode(PREFIX[len(overhang) :] if PREFIX.startswith(overhang) else PREFIX)
        else:
            forced = self.encode((b"" if written[-1:].isspace() else b" ") + STOP + PREFIX)
        inputs += [self.embedding[i] for i in forced]

        answer, answer_log_probs, answer_stop = [], [], "limit"
        while len(answer) < MAX_ANSWER and answer_stop == "limit":
            chosen, log_prob, _ = self.draw(self.logits(inputs), answer_temperature, fold(key, "answer", len(answer)))
            answer.append(chosen)
            answer_log_probs.append(log_prob)
            inputs.append(self.embedding[chosen])
            if closes_box(self.text(answer)):
                answer_stop = "closed-box"
            elif chosen == self.eos:
                answer_stop = "end-of-sequence"
        return {
            "shadowIds": shadow,
            "thoughts": base64.b64encode(np.concatenate(thoughts).tobytes()).decode() if thoughts else None,
            "thoughtStop": stop,
            "thoughtText": written.decode(errors="replace"),
            "logProbs": None if None in log_probs else log_probs,
            "entropies": entropies,
            "forcedIds": forced,
            "answerIds": answer,
            "answerStop": answer_stop,
            "answerText": self.text(answer).decode(errors="replace"),
            "answerLogProbs": None if None in answer_log_probs else answer_log_probs,
        }


def byte_characters():
    """GPT-2's table: printable Latin-1 stands for itself, the other bytes take U+0100, U+0101, ... in order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + at): b for at, b in enumerate(others)}


def closes_box(answer):
    depth, escaped = 1, False
    for byte in answer:
        character = chr(byte)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return True
    return False


def one_per_line(value):
    """Compact JSON; the rollouts of a mode stand on lines of their own."""
    compact = lambda x: json.dumps(x, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(value, dict) or not all(isinstance(entry, list) for entry in value.values()):
        return compact(value)
    modes = [f"{json.dumps(key)}: [\n" + ",\n".join(map(compact, rows)) + "]" for key, rows in value.items()]
    return "{" + ",\n".join(modes) + "}"


def main():
    loop = Loop()
    prompts = [loop.tokenizer.encode(text) for text in PROMPTS]
    modes = {}
    for mode in MODES:
        kept = []
        for seed in range(SEEDS):
            for index, prompt_ids in enumerate(prompts):
                key = fold(from_seed(seed), "rollout", 0, index, 0)
                try:
                    rollout = loop.run(mode, prompt_ids, key)
                except Fragile:
                    continue
                if mode.endswith("greedy") and any(r["promptIndex"] == index for r in kept):
                    continue
                kept.append({"seed": seed, "promptIndex": index, **rollout})
        # as many kinds of ending as there are
        kinds = {}
        for rollout in kept:
            kinds.setdefault((rollout["thoughtStop"], rollout["answerStop"], str(rollout["forcedIds"])), []).append(rollout)
        ranked = [
            (place, kind, rollout)
            for kind, group in enumerate(kinds.values())
            for place, rollout in enumerate(group)
        ]
        ranked.sort(key=lambda entry: entry[:2])
        chosen = [rollout for _, _, rollout in ranked][:KEEP_PER_MODE]
        modes[mode] = chosen
        print(mode, [(r["thoughtStop"], r["answerStop"], r["thoughtText"], r["answerText"]) for r in chosen])
    with torch.no_grad():
        first = torch.softmax(loop.logits([loop.embedding[i] for i in prompts[0]]).double(), -1)
    fixture = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "settings": {"maxThoughtSteps": MAX_THOUGHT, "maxAnswerTokens": MAX_ANSWER},
        "rms": loop.rms,
        "prompts": [{"text": text, "ids": ids} for text, ids in zip(PROMPTS, prompts)],
        "firstTokenProbabilities": [round(x, 9) for x in first.tolist()],
        "modes": modes,
    }
    lines = [f"{json.dumps(key)}: {one_per_line(value)}" for key, value in fixture.items()]
    (FOLDER / "rollouts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
