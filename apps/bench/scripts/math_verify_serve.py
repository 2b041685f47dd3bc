"""Math-Verify as a grader beside ours: {"gold": ..., "pred": ...} per line in, true or false per line out.

    npm run bench -- graders --peer "python apps/bench/scripts/math_verify_serve.py"

Parsed as its README does; its own time limits (5 s each) stay on. Needs math-verify (0.9.0 was tried).
"""

import json
import sys

from math_verify import parse, verify

for line in sys.stdin:
    pair = json.loads(line)
    try:
        equal = bool(verify(parse(f"${pair['gold']}$"), parse(f"${pair['pred']}$")))
    except Exception:  # what it cannot read is no agreement
        equal = False
    print("true" if equal else "false", flush=True)
