#!/usr/bin/env python3
"""Prints the share of each suite's tests that passed; fails if one is below what the project promises.

Usage: conformance_share.py RESULT.json...
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

# Percent of the counted tests, by suite: of those of public behaviour, and of all.
PROMISED = {"fastapi": {"public": 100.0, "all": 97.0}, "starlette": {"all": 98.0}}


def shares(path: Path) -> Iterator[tuple[str, str, int, int]]:
    """Suite, kind of tests, how many passed, and of how many, for each promise that the result is about."""
    result = json.loads(path.read_text())
    suite = result["suite"]
    groups = {**result["by_kind"], "all": result["totals"]}
    for kind in PROMISED[suite]:
        if kind in groups:
            passed = groups[kind]["passed"]
            yield suite, kind, passed, passed + groups[kind]["failed"]


def main(*results: str) -> int:
    """The exit status."""
    broken = 0
    for path in map(Path, results):
        for suite, kind, passed, counted in shares(path):
            share = 100 * passed / counted if counted else 0.0
            print(f"{path.stem}: {passed} of {counted} tests ({kind}) pass, {share:.2f} %")
            if share < PROMISED[suite][kind]:
                print(f"error: {path.stem}: promised are {PROMISED[suite][kind]:g} %", file=sys.stderr)
                broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
