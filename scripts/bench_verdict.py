#!/usr/bin/env python3
"""Prints how much less CPU a request costs than with FastAPI on uvicorn. Fails if it is not enough.

Usage: bench_verdict.py RESULTS.json
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

GOALS = {"hello": 8, "hello_sync": 8, "items": 8, "order": 5, "deps": 5, "routes": 100}
"""How many times less CPU a request has to cost, by workload; others are only printed."""


def median_cpu(runs: list[dict[str, Any]]) -> float | None:
    """CPU per request in µs, or none if a run failed or answered wrongly."""
    if not runs or not all(run.get("ok") for run in runs):
        return None
    return statistics.median(float(run["cpu_us"]) for run in runs)


def main(results: Path) -> int:
    """The exit status."""
    runs = json.loads(results.read_text())["runs"]
    missed = []
    for workload in dict.fromkeys(run["workload"] for run in runs):
        of = {
            peer: median_cpu([run for run in runs if run["workload"] == workload and run["peer"] == peer])
            for peer in ("ours", "fastapi-uvicorn")
        }
        ours, reference = of["ours"], of["fastapi-uvicorn"]
        ratio = reference / ours if ours and reference else 0.0
        goal = GOALS.get(workload, 0)
        print(f"{workload}: {ratio:.1f} times less CPU than FastAPI on uvicorn (goal: {goal})")
        if ratio < goal or not ratio:
            missed.append(workload)
    if missed:
        print(f"error: below the goal, or with wrong answers: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
