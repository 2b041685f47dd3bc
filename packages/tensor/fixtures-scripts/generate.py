"""Writes the stored PyTorch values of the conformance suite.

    python -m venv .venv && .venv/bin/pip install torch==2.11.0 numpy
    .venv/bin/python packages/tensor/fixtures-scripts/generate.py

Everything is computed in float64 from inputs that float32 and bfloat16 represent exactly (multiples of 1/16), so one
fixture serves every dtype. Output: packages/tensor/src/fixtures/{ops,fused,random}.json; running it twice gives the
same files.
"""

import json
import sys
from pathlib import Path

import torch

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import fused_cases
import op_cases
import random_cases

FIXTURES = Path(__file__).parent.parent / "src" / "fixtures"


def write(name: str, cases) -> None:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"torch":"{torch.__version__}","cases":[\n{lines}\n]}}\n'
    path = FIXTURES / f"{name}.json"
    path.write_text(text)
    print(f"{path.name}: {len(cases)} cases, {len(text) / 1024:.0f} kB, torch {torch.__version__}")


if __name__ == "__main__":
    print(__doc__)
    FIXTURES.mkdir(exist_ok=True)
    write("ops", op_cases.all_cases())
    write("fused", fused_cases.all_cases())
    write("random", random_cases.all_cases())
