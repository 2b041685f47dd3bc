"""Cases of the required operations: values, and gradients for a stored upstream gradient."""

import torch
from encoding import F64, Grid, differentiate, record

PAIRS = [  # shapes that broadcast: same, scalar, row, column, both ways, leading axes, size 1, empty, rank 5
    ([2, 3], [2, 3]),
    ([2, 3], []),
    ([], [3]),
    ([2, 3], [3]),
    ([2, 1], [2, 3]),
    ([3, 1], [1, 4]),
    ([2, 3, 5], [3, 1]),
    ([1], [1, 1, 1]),
    ([0, 3], [3]),
    ([2, 1, 3, 1, 2], [1, 2, 1, 2, 1]),
]
SHAPES = [[], [1], [7], [2, 3], [0], [3, 0, 2], [2, 1, 3, 1, 2]]
LAST_AXIS_SHAPES = [[1], [5], [3, 7], [2, 1, 9], [0, 4], [2, 1, 3, 1, 2]]
AXES = [
    ([6], None, False),
    ([], None, False),
    ([2, 3], None, False),
    ([2, 3], 0, False),
    ([2, 3], -1, True),
    ([3, 5, 2], 1, False),
    ([3, 5, 2], [0, 2], False),
    ([3, 5, 2], [-1, 1], True),
    ([2, 3], None, True),
    ([2, 1, 3, 1, 2], [0, 1, 2, 3, 4], False),
    ([2, 2, 3, 2, 2], [1, 3], True),
]
MATMULS = [
    ([2, 3], [3, 4]),
    ([1, 5], [5, 1]),
    ([5, 7], [7, 3]),
    ([1, 17], [17, 9]),
    ([3, 2, 4], [3, 4, 5]),
    ([2, 3, 3, 4], [2, 3, 4, 2]),
    ([3, 2, 4], [4, 5]),
    ([2, 4], [3, 4, 5]),
    ([3, 1, 2, 4], [2, 4, 3]),
    ([1, 2, 3], [3, 3, 2]),
    ([2, 1, 2, 2, 3], [1, 2, 1, 3, 2]),
    ([0, 3], [3, 2]),
    ([2, 0], [0, 3]),
    ([0, 2, 3], [3, 2]),
]
UNARY = {
    "negate": torch.neg,
    "abs": torch.abs,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "square": torch.square,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": torch.nn.functional.silu,
}
BINARY = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}
COMPARE = {
    "equal": torch.eq,
    "less": torch.lt,
    "lessEqual": torch.le,
    "greater": torch.gt,
    "greaterEqual": torch.ge,
}


def shown(shape):
    return "[" + ", ".join(str(n) for n in shape) + "]"


class Cases:
    def __init__(self):
        self.grid = Grid(20250919)
        self.cases = []

    def add(self, op, title, inputs, forward, args=None, wrt=()):
        outputs, upstream, gradients = differentiate(inputs, list(wrt), forward, self.grid)
        self.cases.append(record(op, title, inputs, outputs, args, upstream, gradients))


def all_cases():
    c = Cases()
    creation(c)
    movement(c)
    gathering(c)
    elementwise(c)
    logic(c)
    reductions(c)
    matrix(c)
    return c.cases


def creation(c):
    for name, value in [("zeros", 0.0), ("ones", 1.0)]:
        for shape in [[], [2, 3], [0, 2]]:
            c.add(name, shown(shape), [], lambda v=value, s=shape: torch.full(s, v, dtype=F64), [shape])
            c.add(name, f"{shown(shape)} int32", [], lambda v=value, s=shape: torch.full(s, int(v), dtype=torch.int32), [shape, "int32"])
        c.add(name, "[3] bool", [], lambda v=value: torch.full([3], v == 1.0), [[3], "bool"])
    for shape in [[], [3], [2, 0]]:
        c.add("full", shown(shape), [], lambda s=shape: torch.full(s, -2.5, dtype=F64), [shape, -2.5])
    c.add("full", "[2] int32", [], lambda: torch.full([2], 7, dtype=torch.int32), [[2], 7, "int32"])
    c.add("full", "[2] bool", [], lambda: torch.full([2], True), [[2], 1, "bool"])
    for start, stop in [(0, 5), (-2, 3), (4, 4), (7, 8)]:
        c.add("arange", f"from {start} below {stop}", [], lambda a=start, b=stop: torch.arange(a, b, dtype=torch.int32), [start, stop])


def movement(c):
    g = c.grid
    for shape in SHAPES:
        c.add("clone", shown(shape), [g.normal(*shape)], lambda x: x * 1, wrt=[0])
    c.add("clone", "int32", [g.integers(-9, 9, 3, 2)], lambda x: x.clone())
    c.add("clone", "bool", [g.booleans(5)], lambda x: x.clone())

    x = torch.tensor([-2.75, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.75, 200.5], dtype=F64)
    c.add("cast", "float to int32 truncates towards zero", [x], lambda x: x.trunc().to(torch.int32), ["int32"])
    c.add("cast", "float to bool", [x], lambda x: x != 0, ["bool"])
    c.add("cast", "int32 to float32", [g.integers(-99, 99, 2, 3)], lambda x: x.to(F64), ["float32"])
    c.add("cast", "int32 to bool", [torch.tensor([-2, 0, 1, 5], dtype=torch.int32)], lambda x: x != 0, ["bool"])
    c.add("cast", "bool to float32", [g.booleans(6)], lambda x: x.to(F64), ["float32"])
    c.add("cast", "bool to int32", [g.booleans(6)], lambda x: x.to(torch.int32), ["int32"])
    c.add("cast", "to its own dtype", [g.normal(2, 3)], lambda x: x * 1, ["float32"], wrt=[0])
    c.add("cast", "of an empty tensor", [g.normal(0, 3)], lambda x: x.to(torch.int32), ["int32"])

    for shape, to in [([2, 3], [3, 2]), ([2, 3], [-1]), ([4, 3], [2, -1, 3]), ([1], []), ([], [1, 1]), ([0, 3], [3, 0]), ([2, 2, 3, 1, 2], [4, 6])]:
        c.add("reshape", f"{shown(shape)} to {shown(to)}", [g.normal(*shape)], lambda x, t=to: x.reshape(t), [to], wrt=[0])
    c.add("reshape", "int32", [g.integers(-9, 9, 2, 3)], lambda x: x.reshape(6), [[6]])

    c.add("transpose", "[2, 3] by default", [g.normal(2, 3)], lambda x: x.mT, wrt=[0])
    c.add("transpose", "[2, 3, 4] by default", [g.normal(2, 3, 4)], lambda x: x.mT, wrt=[0])
    for shape, order in [([2, 3, 4], [2, 0, 1]), ([2, 3, 1, 2], [0, 2, 1, 3]), ([3], [0]), ([2, 1, 3, 1, 2], [4, 3, 2, 1, 0]), ([2, 3, 1, 2, 2], [1, 0, 4, 2, 3]), ([0, 3], [1, 0]), ([2, 3], [0, 1]), ([2, 3, 2], [-1, 0, -2])]:
        positive = [a % len(shape) for a in order]
        c.add("transpose", f"{shown(shape)} by {shown(order)}", [g.normal(*shape)], lambda x, p=positive: x.permute(p), [order], wrt=[0])
    c.add("transpose", "int32", [g.integers(-9, 9, 2, 3)], lambda x: x.mT)

    for shape, to in [([], [2, 3]), ([3], [2, 3]), ([2, 1], [2, 3]), ([2, 3], [2, 3]), ([1, 3, 1], [2, 2, 3, 2]), ([1], [0]), ([2, 1, 1, 1, 2], [2, 2, 1, 3, 2])]:
        c.add("broadcastTo", f"{shown(shape)} to {shown(to)}", [g.normal(*shape)], lambda x, t=to: x.expand(t), [to], wrt=[0])
    c.add("broadcastTo", "int32", [g.integers(-9, 9, 3)], lambda x: x.expand(2, 3), [[2, 3]])

    for shapes, axis in [([[2, 3], [1, 3]], 0), ([[2, 3], [2, 1], [2, 2]], -1), ([[2, 2, 3], [2, 1, 3]], 1), ([[3]], 0), ([[0, 3], [2, 3]], 0), ([[2, 0], [2, 0]], 1), ([[1, 2, 1, 1, 2], [1, 2, 2, 1, 2]], 2)]:
        xs = [g.normal(*s) for s in shapes]
        title = " and ".join(shown(s) for s in shapes) + f" on axis {axis}"
        c.add("concat", title, xs, lambda *x, a=axis: torch.cat(x, a), [axis], wrt=range(len(xs)))
    c.add("concat", "int32", [g.integers(-9, 9, 2), g.integers(-9, 9, 3)], lambda a, b: torch.cat([a, b]), [0])
    c.add("concat", "bool", [g.booleans(2), g.booleans(3)], lambda a, b: torch.cat([a, b]), [0])

    for shape, begin, size in [([5], [1], [3]), ([4, 3], [1, 0], [2, -1]), ([4, 3], [3, 2], [1, 1]), ([4, 3], [0, 0], [-1, -1]), ([4, 3], [2, 1], [0, 2]), ([3, 4, 2], [1, 1, 0], [-1, 2, 1]), ([2, 2, 3, 2, 2], [0, 1, 1, 0, 1], [2, 1, 2, 1, 1]), ([4], [4], [-1])]:
        ends = [b + s if s >= 0 else n for b, s, n in zip(begin, size, shape)]
        index = tuple(slice(b, e) for b, e in zip(begin, ends))
        c.add("slice", f"{shown(shape)} from {shown(begin)} size {shown(size)}", [g.normal(*shape)], lambda x, i=index: x[i] * 1, [begin, size], wrt=[0])
    c.add("slice", "int32", [g.integers(-9, 9, 3, 2)], lambda x: x[1:2, :], [[1, 0], [1, -1]])
    c.add("slice", "bool", [g.booleans(5)], lambda x: x[1:4], [[1], [3]])


def gathering(c):
    g = c.grid
    for table, ids in [([5, 3], [4]), ([5, 3], [2, 2]), ([5, 3], []), ([4], [3]), ([3, 2, 2], [5]), ([5, 3], [0]), ([1, 1], [3]), ([7, 5], [9]), ([4, 2, 1, 2], [2])]:
        i = g.integers(0, table[0], *ids)
        c.add("takeRows", f"table {shown(table)}, ids {shown(ids)}", [g.normal(*table), i], lambda t, i: t[i.long()], wrt=[0])
    c.add("takeRows", "with every id equal", [g.normal(3, 2), torch.full([6], 1, dtype=torch.int32)], lambda t, i: t[i.long()], wrt=[0])
    c.add("takeRows", "of an int32 table", [g.integers(-9, 9, 4, 2), g.integers(0, 4, 3)], lambda t, i: t[i.long()])

    for shape in [[5], [3, 4], [2, 3, 5], [3, 1], [0, 4], [2, 1, 2, 1, 3]]:
        i = g.integers(0, shape[-1], *shape[:-1])
        c.add("takeAlongLast", shown(shape), [g.normal(*shape), i], lambda x, i: x.gather(-1, i.long().unsqueeze(-1)).squeeze(-1), wrt=[0])

    ids = torch.tensor([[0, 3, 1], [2, -1, 4]], dtype=torch.int32)
    hot = ids.unsqueeze(-1) == torch.arange(4)
    c.add("oneHot", "with ids outside the depth", [ids], lambda i: hot.to(F64), [4])
    c.add("oneHot", "float32", [ids], lambda i: hot.to(F64), [4, "float32"])
    c.add("oneHot", "int32", [ids], lambda i: hot.to(torch.int32), [4, "int32"])
    c.add("oneHot", "bool", [ids], lambda i: hot, [4, "bool"])
    c.add("oneHot", "of a scalar", [torch.tensor(2, dtype=torch.int32)], lambda i: torch.eye(3, dtype=F64)[2], [3])
    c.add("oneHot", "of no ids", [torch.zeros(0, dtype=torch.int32)], lambda i: torch.zeros(0, 3, dtype=F64), [3])


def elementwise(c):
    g = c.grid
    for op, forward in BINARY.items():
        for a, b in PAIRS:
            both = g.distinct(sum(max(1, torch.Size(s).numel()) for s in (a, b)))
            n = torch.Size(a).numel()
            x = both[:n].reshape(a)
            y = both[n : n + torch.Size(b).numel()].reshape(b)
            if op == "divide":
                y = y.sign() * (0.5 + y.abs().clamp(max=3.5))
            c.add(op, f"{shown(a)} with {shown(b)}", [x, y], forward, wrt=[0, 1])
        if op != "divide":
            c.add(op, "int32", [g.integers(-50, 50, 2, 3), g.integers(-50, 50, 3)], forward)
    for op, forward in UNARY.items():
        positive = op in ("log", "sqrt", "rsqrt")
        for shape in SHAPES:
            x = g.positive(*shape) if positive else g.distinct(*shape) / 2 if op == "abs" else g.normal(*shape)
            c.add(op, shown(shape), [x], forward, wrt=[0])
        if op in ("negate", "abs", "square"):
            c.add(op, "int32", [torch.tensor([-3, 0, 4], dtype=torch.int32)], forward)
    x = torch.tensor([-30, -12, -5, 5, 12, 30], dtype=F64)
    for op in ("tanh", "sigmoid", "silu"):
        c.add(op, "far from zero", [x], UNARY[op], wrt=[0])
    for options in [{"scale": -1.5}, {"shift": 0.25}, {"scale": 2, "shift": -3}, {}]:
        scale, shift = options.get("scale", 1), options.get("shift", 0)
        for shape in ([2, 3], [], [0, 2], [2, 1, 3, 1, 2]):
            c.add("affine", f"{shown(shape)} with {options}".replace("'", ""), [g.normal(*shape)], lambda x, a=scale, b=shift: x * a + b, [options], wrt=[0])


def logic(c):
    g = c.grid
    for op, forward in COMPARE.items():
        for a, b in PAIRS:
            x, y = (g.integers(-2, 3, *s).to(F64) / 2 for s in (a, b))
            c.add(op, f"{shown(a)} with {shown(b)}", [x, y], forward)
        c.add(op, "int32", [g.integers(-2, 3, 2, 3), g.integers(-2, 3, 3)], forward)
    for op, forward in [("logicalAnd", torch.logical_and), ("logicalOr", torch.logical_or)]:
        for a, b in PAIRS:
            c.add(op, f"{shown(a)} with {shown(b)}", [g.booleans(*a), g.booleans(*b)], forward)
    for shape in SHAPES:
        c.add("logicalNot", shown(shape), [g.booleans(*shape)], torch.logical_not)

    triples = [([2, 3], [2, 3], [2, 3]), ([3], [2, 3], []), ([2, 1], [1, 3], [2, 3]), ([], [2], [2]), ([2, 3], [], []), ([0, 3], [3], [1]), ([1, 2, 3], [2, 2, 1], [3]), ([2, 1, 1, 1, 2], [1, 1, 3, 1, 2], [2, 1, 3, 1, 1])]
    for s, a, b in triples:
        title = f"condition {shown(s)}, {shown(a)} and {shown(b)}"
        c.add("where", title, [g.booleans(*s), g.normal(*a), g.normal(*b)], torch.where, wrt=[1, 2])
    c.add("where", "int32", [g.booleans(3), g.integers(-9, 9, 2, 3), g.integers(-9, 9, 3)], torch.where)


def reductions(c):
    g = c.grid
    forwards = {
        "sum": lambda x, axis, keep: x.sum(axis, keepdim=keep),
        "mean": lambda x, axis, keep: x.mean(axis, keepdim=keep),
        "max": lambda x, axis, keep: x.amax(axis, keepdim=keep),
        "min": lambda x, axis, keep: x.amin(axis, keepdim=keep),
    }
    for op, forward in forwards.items():
        for shape, axis, keep in AXES:
            every = list(range(len(shape))) if axis is None else axis
            options = {**({} if axis is None else {"axis": axis}), **({"keepDims": True} if keep else {})}
            title = f"{shown(shape)} over {'all axes' if axis is None else axis}{', keepDims' if keep else ''}"
            x = g.distinct(*shape)
            reduce = (lambda x, f=forward, a=every, k=keep: f(x, a, k)) if shape else (lambda x: x * 1)
            c.add(op, title, [x], reduce, [options] if options else None, wrt=[0])
        if op != "mean":
            c.add(op, "int32", [g.integers(-20, 20, 3, 4)], lambda x, f=forward: f(x, [1], False).to(torch.int32), [{"axis": 1}])
    c.add("sum", "of an empty tensor", [g.normal(0, 3)], lambda x: x.sum(), wrt=[0])
    c.add("sum", "over an empty axis", [g.normal(0, 3)], lambda x: x.sum(0), [{"axis": 0}], wrt=[0])
    c.add("sum", "beside an empty axis", [g.normal(0, 3)], lambda x: x.sum(1), [{"axis": 1}], wrt=[0])
    c.add("max", "beside an empty axis", [g.normal(0, 3)], lambda x: x.amax(1), [{"axis": 1}])

    for shape in [[4], [1], [3, 5], [2, 3, 1], [2, 1, 3, 1, 5], [0, 3]]:
        c.add("argMax", shown(shape), [g.distinct(*shape)], lambda x: x.argmax(-1).to(torch.int32))
    tie = torch.tensor([[1, 3, 3, 0], [2, 2, 2, 2], [-1, -4, -1, -1], [0, 0, 1, 1]], dtype=F64)
    c.add("argMax", "with ties", [tie], lambda x: torch.tensor([1, 0, 0, 2], dtype=torch.int32))
    c.add("argMax", "int32", [g.integers(-90, 90, 3, 7)], lambda x: x.argmax(-1).to(torch.int32))

    def top(k):
        def forward(x):
            order = torch.argsort(-x, dim=-1, stable=True)[..., :k]
            return x.gather(-1, order), order.to(torch.int32)

        return forward

    for shape, k in [([5], 1), ([5], 5), ([3, 7], 3), ([2, 1, 4], 2), ([1, 1], 1), ([2, 1, 2, 1, 3], 2), ([0, 4], 2)]:
        c.add("topK", f"{k} of {shown(shape)}", [g.distinct(*shape)], top(k), [k])
    c.add("topK", "3 with ties", [tie], top(3), [3])


def matrix(c):
    g = c.grid
    for a, b in MATMULS:
        for ta in (False, True):
            for tb in (False, True):
                if len(a) == 5 and ta != tb:
                    continue
                x = g.normal(*a, limit=2)
                y = g.normal(*b, limit=2)
                x = x.mT.contiguous() if ta else x
                y = y.mT.contiguous() if tb else y
                options = {**({"transposeA": True} if ta else {}), **({"transposeB": True} if tb else {})}
                mark = ("^T" if ta else "", "^T" if tb else "")
                title = f"{shown(list(x.shape))}{mark[0]} x {shown(list(y.shape))}{mark[1]}"
                forward = lambda x, y, ta=ta, tb=tb: (x.mT if ta else x) @ (y.mT if tb else y)
                c.add("matmul", title, [x, y], forward, [options] if options else None, wrt=[0, 1])
    for op, forward in [("softmax", lambda x: x.softmax(-1)), ("logSoftmax", lambda x: x.log_softmax(-1)), ("logSumExp", lambda x: x.logsumexp(-1))]:
        for shape in LAST_AXIS_SHAPES:
            c.add(op, shown(shape), [g.normal(*shape)], forward, wrt=[0])
        large = torch.tensor([[1e4, 9.999e3, -1e4], [-1e4, -1e4, -1.0001e4], [3e38, 3e38, 0], [80, 90, 100]], dtype=torch.float32).to(F64)
        c.add(op, "of large logits", [large], forward)
