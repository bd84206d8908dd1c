#!/usr/bin/env python3
"""Prints the share of each suite's tests that passed; fails if the first suite's is below the minimum.

Usage: conformance_share.py MINIMUM-PERCENT RESULT.json...
"""

import json
import sys
from pathlib import Path


def share(path: Path) -> float:
    """The passed percentage of all counted tests, which is printed too."""
    totals = json.loads(path.read_text())["totals"]
    passed, counted = totals["passed"], totals["passed"] + totals["failed"]
    print(f"{path.stem}: {passed} of {counted} tests pass, {passed / counted:.2%}")
    return 100 * float(passed) / float(counted)


def main(minimum: str, *results: str) -> int:
    """The exit status."""
    first, *_ = [share(Path(result)) for result in results]
    if first < float(minimum):
        print(f"error: {first:.2f} % is below the minimum of {minimum} %", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
