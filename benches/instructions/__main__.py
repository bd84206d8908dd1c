"""Counts the instructions that a request costs, and compares them with benches/budgets.toml.

Runs the server under valgrind's callgrind, which counts every instruction of every thread in user space,
asks for one thing many times on one connection, and divides. The count hardly depends on what else the
machine does, so a regression shows without a quiet machine. What `cargo bench` times is counted in the
same way, with the making of their inputs. Exits with 1 if one costs more than its budget allows.

    PYTHONPATH=benches python -m instructions requests SERVER [--venv DIR] [--only NAME,...] [--record]
    PYTHONPATH=benches python -m instructions micro BINARY... [--only NAME,...] [--record]
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

from .micro import count_micro
from .server import count_requests

BUDGETS = Path(__file__).resolve().parents[1] / "budgets.toml"
TOLERANCE = 1.04
TOLERANCES = {"ws": 1.12}
"""Where counts of one binary differ by more: how often the threads of a WebSocket wake each other varies."""


def compare(found: dict[str, int], budgets: dict[str, int]) -> bool:
    """Prints each count beside its budget; whether all are kept."""
    kept = True
    for name, count in found.items():
        if (budget := budgets.get(name)) is None:
            print(f"NO  {name}: no budget; --record writes one")
            kept = False
            continue
        holds = count <= budget * TOLERANCES.get(name, TOLERANCE)
        change = (count / budget - 1) * 100
        print(f"{'yes' if holds else 'NO ':3} {name}: {count:,} of {budget:,} ({change:+.1f} %)")
        kept = kept and holds
    return kept


def record(section: str, found: dict[str, int]) -> None:
    budgets = load()
    budgets.setdefault(section, {}).update(found)
    lines = [
        "# Instructions in user space, written by benches/instructions with --record. requests: of the whole",
        "# server for one request; micro: of one iteration of a benchmark of `cargo bench`.",
    ]
    for name, counts in sorted(budgets.items()):
        lines += ["", f"[{name}]", *(f'"{key}" = {count}' for key, count in counts.items())]
    BUDGETS.write_text("\n".join(lines) + "\n")


def load() -> dict[str, dict[str, int]]:
    return tomllib.loads(BUDGETS.read_text()) if BUDGETS.exists() else {}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="instructions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["requests", "micro"])
    parser.add_argument("binary", nargs="+", help="fastrapi-server, or the compiled benchmarks")
    parser.add_argument("--venv", help="environment of the application")
    parser.add_argument("--only", help="comma-separated names of budgets")
    parser.add_argument("--record", action="store_true", help="write the counts as the new budgets")
    arguments = parser.parse_args()
    wanted = set(arguments.only.split(",")) if arguments.only else None
    if arguments.kind == "requests":
        found = count_requests(arguments.binary[0], arguments.venv, wanted)
    else:
        found = count_micro([Path(binary) for binary in arguments.binary], wanted)
    if arguments.record:
        record(arguments.kind, found)
        return 0
    return 0 if compare(found, load().get(arguments.kind, {})) else 1


if __name__ == "__main__":
    sys.exit(main())
