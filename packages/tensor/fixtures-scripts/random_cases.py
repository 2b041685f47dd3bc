"""Reference random streams, from NumPy and an independent Philox4x32-10 in plain Python integers.

Known-answer vectors of the generator itself are in src/random/*.test.ts; these pin the streams built upon it.
"""

import math

import torch
from encoding import F64, encode

MASK = 0xFFFFFFFF
USE_UNIFORM, USE_NORMAL = 0, 1
FOLD_NUMBER, FOLD_STRING = 0x80000000, 0x80000001


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def fold(key, *parts):
    for part in parts:
        if isinstance(part, str):
            data = part.encode()
            padded = data.ljust(max(8, -(-len(data) // 8) * 8), b"\0")
            for at in range(0, len(padded), 8):
                low, high = (int.from_bytes(padded[i : i + 4], "little") for i in (at, at + 4))
                key = philox((low, high, len(data), FOLD_STRING), key)[:2]
        else:
            size = abs(part)
            key = philox((size & MASK, size >> 32, int(part < 0), FOLD_NUMBER), key)[:2]
    return key


def uniform(key, n):
    words = [w for at in range(-(-n // 4)) for w in philox((at & MASK, at >> 32, 0, USE_UNIFORM), key)]
    return [(w >> 8) * 2**-24 for w in words[:n]]


def normal(key, n):
    out = []
    for at in range(-(-n // 4)):
        words = philox((at & MASK, at >> 32, 0, USE_NORMAL), key)
        for pair in (0, 2):
            radius = math.sqrt(-2 * math.log((words[pair] + 1) * 2**-32))
            angle = 2 * math.pi * (words[pair + 1] * 2**-32)
            out += [radius * math.cos(angle), radius * math.sin(angle)]
    return out[:n]


def all_cases():
    cases = []
    for seed, parts in [(0, []), (42, []), (-7, ["rollout", 3, 0, 15]), (2**53 - 1, ["a"]), (1, ["größer als acht Bytes", 2**40 + 5, -1, ""])]:
        key = fold((0, 0), seed, *parts)
        for use, draw in [("randomUniform", uniform), ("randomNormal", normal)]:
            values = torch.tensor(draw(key, 11), dtype=F64)
            title = f"seed {seed}" + (f" folded with {parts}" if parts else "")
            cases.append({"op": use, "title": title, "inputs": [], "args": [seed, parts, list(key)], "outputs": [encode(values)]})
    return cases
