"""Inputs on a grid, and tensors as short readable strings: `float32[2,3] 0.5 -1.25 ...`.

A string rather than a JSON array: NaN and infinities can be written, and TypeScript need not infer a type per number.
"""

import numpy as np
import torch

F64 = torch.float64


class Grid:
    """Seeded inputs, multiples of 1/16 with at most 8 significant bits: exact in float32 and in bfloat16."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, limit=4.0):
        x = np.clip(np.round(self.rng.standard_normal(shape) * 16), -limit * 16, limit * 16) / 16
        return torch.tensor(x, dtype=F64)

    def positive(self, *shape, low=0.25, high=4.0):
        x = self.rng.integers(int(low * 16), int(high * 16), shape) / 16
        return torch.tensor(x, dtype=F64)

    def distinct(self, *shape):
        """No two equal and none zero, neighbours 1/16 or more apart: no ties, no kinks within a finite difference."""
        n = int(np.prod(shape))
        assert n <= 254
        values = np.array([v for v in range(-127, 128) if v != 0])
        x = self.rng.choice(values, n, replace=False) / 16
        return torch.tensor(x.reshape(shape), dtype=F64)

    def integers(self, low, high, *shape):
        return torch.tensor(self.rng.integers(low, high, shape), dtype=torch.int32)

    def booleans(self, *shape):
        return torch.tensor(self.rng.integers(0, 2, shape) == 1)


def number(x: float, digits: int) -> str:
    if np.isnan(x):
        return "NaN"
    if np.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    text = f"{x:.{digits}g}"
    return "0" if text == "-0" else text.replace("e-0", "e-").replace("e+0", "e+")


def encode(x) -> str:
    """float64 tensors are written as float32 with nine digits, enough to name each float32."""
    x = x.detach()
    names = {F64: "float32", torch.float32: "float32", torch.int32: "int32", torch.int64: "int32", torch.bool: "bool"}
    shape = ",".join(str(n) for n in x.shape)
    flat = x.reshape(-1).tolist()
    values = [number(v, 9) if x.dtype.is_floating_point else str(int(v)) for v in flat]
    return f"{names[x.dtype]}[{shape}]" + "".join(f" {v}" for v in values)


def differentiate(inputs, wrt, forward, rng):
    """Runs `forward` on inputs with gradient for the indices `wrt`; gives outputs, upstream gradient, gradients."""
    leaves = [x.clone().requires_grad_(i in wrt) if x is not None else None for i, x in enumerate(inputs)]
    outputs = forward(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    if not wrt:
        return outputs, None, None
    upstream = rng.normal(*outputs[0].shape) if outputs[0].ndim else torch.tensor(0.75, dtype=F64)
    used = [leaves[i] for i in wrt]
    found = torch.autograd.grad(outputs[0], used, upstream, allow_unused=True)
    gradients = [None] * len(inputs)
    for i, leaf, gradient in zip(wrt, used, found):
        gradients[i] = torch.zeros_like(leaf) if gradient is None else gradient
    return outputs, upstream, gradients


def record(op, title, inputs, outputs, args=None, upstream=None, gradients=None):
    case = {"op": op, "title": title, "inputs": [encode(x) for x in inputs]}
    if args is not None:
        case["args"] = args
    case["outputs"] = [encode(x) for x in outputs]
    if upstream is not None:
        case["upstream"] = encode(upstream)
        case["gradients"] = [None if g is None else encode(g) for g in gradients]
    return case
