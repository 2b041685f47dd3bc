"""Cases of the fused operations, each written out in PyTorch from its formula in contract.ts, in float64.

Axes: B batch, T query tokens, S key tokens, N query heads, K kv heads, H head size, D hidden, F ffn, V vocabulary,
R rows, P prompts.
"""

import math

import torch
from encoding import F64, Grid, differentiate, encode, record

NEGATIVE = -1e9


class Cases:
    def __init__(self):
        self.grid = Grid(20250920)
        self.cases = []

    def add(self, op, title, inputs, forward, args, wrt=()):
        """`inputs` maps argument names to tensors; gradients are stored in the same order."""
        names = list(inputs)
        run = lambda *xs: forward(**dict(zip(names, xs)))
        outputs, upstream, gradients = differentiate(list(inputs.values()), [names.index(n) for n in wrt], run, self.grid)
        case = record(op, title, list(inputs.values()), outputs, {**args, "names": names}, upstream, gradients)
        self.cases.append(case)


def all_cases():
    c = Cases()
    layers(c)
    attentions(c)
    mixtures(c)
    log_probs(c)
    optimizer(c)
    return c.cases


def layers(c):
    g = c.grid
    for shape in [[2, 3, 5], [1, 1], [4, 8], [0, 3]]:
        norm = lambda x, weight: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * weight
        c.add("rmsNorm", str(shape), {"x": g.normal(*shape), "weight": g.normal(shape[-1])}, norm, {"epsilon": 1e-5}, ["x", "weight"])
    tiny = torch.tensor([[1 / 1024, -1 / 2048, 0, 1 / 1024]], dtype=F64)
    c.add("rmsNorm", "of small values, where epsilon counts", {"x": tiny, "weight": g.normal(4)}, norm, {"epsilon": 1e-5}, ["x", "weight"])
    big = torch.tensor([[30000, -20000, 10000]], dtype=F64)
    c.add("rmsNorm", "of values whose squares leave float16", {"x": big, "weight": g.normal(3)}, norm, {"epsilon": 1e-5}, ["x"])

    def rotary(x, cos, sin):
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat([-second, first], -1) * sin

    for batch, heads, tokens, size, table in [(2, 3, 4, 6, [1, 1, 4, 6]), (2, 2, 3, 4, [2, 1, 3, 4]), (3, 1, 1, 2, [3, 1, 1, 2]), (1, 2, 2, 10, [2, 10])]:
        angle = g.normal(*table[:-1], size // 2)
        angle = torch.cat([angle, angle], -1)
        inputs = {"x": g.normal(batch, heads, tokens, size), "cos": angle.cos(), "sin": angle.sin()}
        c.add("rotary", f"[{batch}, {heads}, {tokens}, {size}] with tables {table}", inputs, rotary, {}, ["x"])

    mlp = lambda x, gate, up, down: (torch.nn.functional.silu(x @ gate) * (x @ up)) @ down
    for rows, hidden, ffn in [(3, 4, 6), (1, 1, 1), (5, 3, 7), (0, 2, 3)]:
        inputs = {"x": g.normal(rows, hidden), "gate": g.normal(hidden, ffn), "up": g.normal(hidden, ffn), "down": g.normal(ffn, hidden)}
        c.add("gatedMlp", f"x [{rows}, {hidden}], ffn {ffn}", inputs, mlp, {}, list(inputs))


def attend(query, key, value, scale, mask=None, prefix_key=None, prefix_value=None, prefix_mask=None, rows=None):
    repeat = query.shape[1] // key.shape[1]
    if mask is None:
        mask = torch.zeros(1, 1, 1, key.shape[2], dtype=F64)
    mask = mask.expand(query.shape[0], 1, query.shape[2], key.shape[2])
    if rows is not None:
        owner = torch.tensor([p for p, count in enumerate(rows) for _ in range(count)])
        key = torch.cat([prefix_key[owner], key], 2)
        value = torch.cat([prefix_value[owner], value], 2)
        before = torch.zeros(prefix_key.shape[0], prefix_key.shape[2], dtype=F64) if prefix_mask is None else prefix_mask
        before = before[owner][:, None, None, :].expand(-1, 1, query.shape[2], -1)
        mask = torch.cat([before, mask], -1)
    key, value = key.repeat_interleave(repeat, 1), value.repeat_interleave(repeat, 1)
    return (query @ key.mT * scale + mask).softmax(-1) @ value


def attentions(c):
    g = c.grid

    def add(title, B, N, K, T, S, H, mask=None, rows=None, Z=0, prefix_mask=None):
        inputs = {"query": g.normal(B, N, T, H), "key": g.normal(B, K, S, H), "value": g.normal(B, K, S, H)}
        if rows is not None:
            inputs |= {"prefix_key": g.normal(len(rows), K, Z, H), "prefix_value": g.normal(len(rows), K, Z, H)}
        wrt = list(inputs)
        if mask is not None:
            inputs["mask"] = mask
        if prefix_mask is not None:
            inputs["prefix_mask"] = prefix_mask
        scale = 1 / math.sqrt(H)
        args = {"scale": scale, **({} if rows is None else {"rowsPerPrompt": rows})}
        c.add("attention", title, inputs, lambda **x: attend(scale=scale, rows=rows, **x), args, wrt)

    causal = torch.full([3, 5], NEGATIVE, dtype=F64).triu(3)[None, None]
    add("grouped heads, causal mask", 2, 4, 2, 3, 5, 4, causal)
    add("one key head per query head, no mask", 1, 3, 3, 2, 2, 5)
    add("one key head for all query heads", 2, 3, 1, 2, 4, 2)
    padding = torch.zeros(3, 1, 1, 4, dtype=F64)
    padding[0, ..., :2] = NEGATIVE
    padding[2, ..., :3] = NEGATIVE
    add("left padding, one query token", 3, 2, 1, 1, 4, 3, padding)
    add("full mask [B, 1, T, S]", 2, 2, 2, 2, 3, 2, torch.where(g.booleans(2, 1, 2, 3), 0.0, -0.5).to(F64))
    add("sizes of one", 1, 1, 1, 1, 1, 1)
    own = torch.full([2, 2], NEGATIVE, dtype=F64).triu(1)[None, None]
    add("shared prefix", 3, 4, 2, 2, 2, 4, own, [1, 2], 3)
    before = torch.zeros(3, 5, dtype=F64)
    before[0, :3] = NEGATIVE
    before[2, :1] = NEGATIVE
    add("shared prefix with a mask and a prompt without rows", 4, 2, 1, 1, 3, 3, None, [3, 0, 1], 5, before)
    add("shared prefix of one prompt", 2, 2, 2, 3, 3, 2, torch.full([3, 3], NEGATIVE, dtype=F64).triu(1)[None, None], [2], 1)


def head_inputs(g, R, V, D, tau, tied):
    """Grid values; for a near-zero temperature exact ties and gaps of 2^-13, with logits that float32 holds exactly.

    Three tokens lead with different weights: rows 0 and 1 tie in every row because the hidden states have equal
    components 1 and 2, row 2 is lower by 2^-13 (exp(-1.22) of the leaders' weight). Their differences make the gradients
    large, so that rounding, which 1 / tau multiplies, is small beside them.
    """
    hidden, weight = g.normal(R, D, limit=2), g.normal(V, D, limit=2)
    if tau < 1e-2:
        hidden, weight = hidden.sign() * (hidden.abs() > 0.5) / 4, weight.round() / 4
        hidden[:, 0] = 0.5
        hidden[:, 2] = hidden[:, 1] = 0.25
        weight[:, 0] = -weight[:, 0].abs()
        weight[:3] = 0.0
        weight[:3, 0] = 1.0
        weight[0, 1] = weight[1, 2] = 0.5
        weight[2, 1] = weight[2, 2] = 0.25
        weight[2, 0] -= 2.0**-12
    embedding = weight if tied else g.normal(V, D, limit=2)
    return hidden, weight, embedding


def mixtures(c):
    g = c.grid
    for R, V, D, tau, tied, k in [(3, 11, 4, 1.0, True, 0), (5, 37, 3, 0.5, False, 4), (4, 17, 5, 1e-4, True, 3), (3, 13, 4, 1e-4, False, 2), (1, 1, 1, 0.5, False, 1), (4, 301, 3, 0.5, True, 5)]:
        hidden, weight, embedding = head_inputs(g, R, V, D, tau, tied)
        inputs = {"hidden": hidden, "weight": weight} | ({} if tied else {"embedding": embedding})

        def forward(hidden, weight, embedding=None, tau=tau, k=k):
            z = hidden @ weight.mT
            p = (z / tau).softmax(-1)
            entropy = torch.special.entr(p).sum(-1)
            # the lowest index wins a tie; probabilities that underflow in float32 tie too, so rank by logits
            order = torch.argsort(-z, dim=-1, stable=True)
            ids = order[:, :k]
            found = [p @ (weight if embedding is None else embedding), order[:, 0], entropy]
            return found + ([ids, p.gather(-1, ids)] if k else [])

        title = f"R {R}, V {V}, D {D}, tau {tau}, {'tied' if tied else 'untied'}"
        c.add("mixture", title, inputs, forward, {"temperature": tau, "topK": k})


def log_probs(c):
    g = c.grid
    sizes = [(5, 11, 4, 1.0, True), (3, 13, 5, 0.5, False), (4, 37, 3, 0.5, True), (4, 9, 4, 1e-4, True), (3, 11, 3, 1e-4, False), (1, 1, 1, 1.0, False), (6, 301, 3, 1.0, True)]
    for R, V, D, tau, tied in sizes:
        hidden, weight, embedding = head_inputs(g, R, V, D, tau, tied)
        inputs = {"hidden": hidden, "weight": weight} | ({} if tied else {"embedding": embedding})
        wrt = list(inputs)
        coefficient = g.normal(R)
        title = f"R {R}, V {V}, D {D}, tau {tau}, {'tied' if tied else 'untied'}"
        sigma = 0.5

        mean = (hidden @ weight.mT / tau).softmax(-1) @ embedding
        thought = (mean * 16).round() / 16 + g.normal(R, D) / 4

        def thoughts(hidden, weight, thought, coefficient, embedding=None, tau=tau, detach=False):
            p = (hidden @ weight.mT / tau).softmax(-1)
            table = weight if embedding is None else embedding
            mean = p @ (table.detach() if detach else table)
            log_prob = -(thought - mean).square().sum(-1) / (2 * sigma**2)
            return (coefficient * log_prob).sum(), log_prob, torch.special.entr(p).sum(-1)

        rest = {"thought": thought, "coefficient": coefficient}
        args = {"temperature": tau, "sigma": sigma}
        c.add("thoughtLogProb", title, inputs | rest, thoughts, args, wrt)
        if V in (11, 13):
            c.add("thoughtLogProb", f"{title}, no gradient through E", inputs | rest, lambda **x: thoughts(detach=True, **x), args | {"embeddingGradient": False}, wrt)

        if not tied:
            continue
        ids = g.integers(0, V, R)
        if tau < 1e-2:
            ids = torch.tensor([0, 1, 2, 0], dtype=torch.int32)[:R]

        def tokens(hidden, weight, ids, coefficient, tau=tau):
            log_p = (hidden @ weight.mT / tau).log_softmax(-1)
            log_prob = log_p.gather(-1, ids.long()[:, None])[:, 0]
            return (coefficient * log_prob).sum(), log_prob, torch.special.entr(log_p.exp()).sum(-1)

        c.add("tokenLogProb", title, {"hidden": hidden, "weight": weight, "ids": ids, "coefficient": coefficient}, tokens, {"temperature": tau}, ["hidden", "weight"])


def optimizer(c):
    """Three steps of torch.optim.AdamW; outputs are the parameter and both moments after the last."""
    g = c.grid
    for title, decay, shape in [("without weight decay", 0.0, [2, 3]), ("with weight decay", 0.1, [5]), ("of a scalar", 0.01, [])]:
        start = g.normal(*shape)
        gradients = [g.normal(*shape) for _ in range(3)]
        settings = {"learningRate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": decay, "gradientScale": 0.25}
        parameter = start.clone().requires_grad_()
        torch_adamw = torch.optim.AdamW([parameter], lr=0.05, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay)
        for gradient in gradients:
            parameter.grad = gradient * settings["gradientScale"]
            torch_adamw.step()
        state = torch_adamw.state[parameter]
        names = ["parameter", "gradient1", "gradient2", "gradient3"]
        outputs = [parameter.detach(), state["exp_avg"], state["exp_avg_sq"]]
        c.cases.append(record("adamW", title, [start, *gradients], outputs, settings | {"names": names}))
