"""The project's counter-based random keys and streams, written again from their description (packages/tensor/src/random)."""

import math

import numpy as np

MASK = 0xFFFFFFFF


def philox(counter, key):
    """Philox4x32-10: Salmon, Moraes, Dror, Shaw, SC 2011."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def fold(key, *parts):
    for part in parts:
        if isinstance(part, str):
            data = part.encode()
            padded = data.ljust(max(8, -(-len(data) // 8) * 8), b"\0")
            for at in range(0, len(padded), 8):
                low = int.from_bytes(padded[at : at + 4], "little")
                high = int.from_bytes(padded[at + 4 : at + 8], "little")
                key = philox((low, high, len(data), 0x80000001), key)[:2]
        else:
            size = abs(part)
            key = philox((size & MASK, size >> 32, 1 if part < 0 else 0, 0x80000000), key)[:2]
    return key


def from_seed(seed):
    return fold((0, 0), seed)


def uniform(key):
    """The first uniform number of a key."""
    return (philox((0, 0, 0, 0), key)[0] >> 8) * 2.0**-24


def normal(key, count):
    values = []
    for block in range(-(-count // 4)):
        words = philox((block, 0, 0, 1), key)
        for a, b in ((words[0], words[1]), (words[2], words[3])):
            radius = math.sqrt(-2 * math.log((a + 1) * 2.0**-32))
            angle = 2 * math.pi * (b * 2.0**-32)
            values += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(values[:count], dtype=np.float32)
