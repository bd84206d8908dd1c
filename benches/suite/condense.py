"""From webbench's records of single runs to one figure per peer and row."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from .table import CALLS, LIMIT, OURS, REFERENCE

MIB = 2**20
Run = dict[str, Any]


def _good(run: Run) -> bool:
    return bool(run.get("ok")) or "ready_s" in run


def _median(runs: list[Run], key: str) -> float | None:
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def _ratio(runs: list[Run], others: list[Run], key: str) -> float | None:
    """The median over the rounds of the other's figure divided by the peer's.

    Runs of one round are neighbours in time, so a slow minute of the machine cancels out.
    """
    other = {run["round"]: run[key] for run in others}
    ratios = [other[run["round"]] / run[key] for run in runs if run["round"] in other and run[key]]
    return statistics.median(ratios) if ratios else None


def _above(runs: list[Run], others: list[Run], key: str) -> float | None:
    """The median over the rounds of the peer's figure less the other's, for the reason of :func:`_ratio`."""
    other = {run["round"]: run[key] for run in others}
    found = [run[key] - other[run["round"]] for run in runs if run["round"] in other]
    return statistics.median(found) if found else None


def _trouble(runs: list[Run]) -> dict[str, Any]:
    """Why there are no figures of a peer."""
    for key in ("cannot", "failed"):
        for run in runs:
            if run.get(key):
                return {key: str(run[key])[:200]}
    for run in runs:
        if run.get("errors"):
            return {"failed": f"{run['errors']} wrong answers: {run.get('first_error')}"[:200]}
    return {"failed": "no run"}


def _loaded(
    runs: list[Run], reference: list[Run], limit: list[Run], ours: list[Run], calls: list[Run]
) -> dict[str, Any]:
    rates = [run["rps"] for run in runs]
    return {
        "cpu_us": _median(runs, "cpu_us"),
        "rps": _median(runs, "rps"),
        "rps_range": [min(rates), max(rates)],
        "p50_us": _median(runs, "p50"),
        "p99_us": _median(runs, "p99"),
        "peak_rss_mib": (_median(runs, "peak_rss") or 0) / MIB,
        "times_less": _ratio(runs, reference, "cpu_us"),
        "of_axum": _ratio(limit, runs, "cpu_us"),
        "of_ours": _ratio(ours, runs, "cpu_us"),
        "above_calls_us": _above(runs, calls, "cpu_us"),
        "runs": len(runs),
    }


def _started(runs: list[Run]) -> dict[str, Any]:
    return {
        "first_answer_ms": (_median(runs, "ready_s") or 0) * 1e3,
        "rss_mib": (_median(runs, "rss") or 0) / MIB,
        "pss_mib": (_median(runs, "pss") or 0) / MIB,
        "idle_cpu_percent": (_median(runs, "idle_cpu") or 0) * 100,
        "runs": len(runs),
    }


def peers_of(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Peer -> its figures, or why there are none. One wrong answer takes all figures away."""
    by_peer: dict[str, list[Run]] = {}
    for run in record["runs"]:
        by_peer.setdefault(run["peer"], []).append(run)
    clean = {peer: runs for peer, runs in by_peer.items() if all(map(_good, runs))}
    found = {}
    for peer, runs in by_peer.items():
        if peer not in clean:
            found[peer] = _trouble(runs)
        elif "ready_s" in runs[0]:
            found[peer] = _started(runs)
        else:
            found[peer] = _loaded(runs, *(clean.get(name, []) for name in (REFERENCE, LIMIT, OURS, CALLS)))
    return found


def _versions(records: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Environment -> Python and the packages that matter there."""
    kept = {
        "python", "fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic", "fastrapi", "robyn",
        "redis", "django-bolt", "Django", "msgspec", "blacksheep", "granian", "litestar", "socketify",
    }  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for record in records:
        for environment, versions in record["versions"].items():
            found[environment] = {name: version for name, version in versions.items() if name in kept}
    return found


def condense(raw: Path, rows: list[str], machine: dict[str, Any]) -> dict[str, Any]:
    """Everything that tables, verdict and plot are made from."""
    records = {name: json.loads((raw / f"{name}.json").read_text()) for name in rows}
    made = [record["made"] for record in records.values()]
    return {
        "made": [min(made), max(made)],
        "machine": machine,
        "load_at_start": {name: record["machine"]["load_at_start"][0] for name, record in records.items()},
        "versions": _versions(list(records.values())),
        "rows": {
            name: {"options": record["options"], "peers": peers_of(record)}
            for name, record in records.items()
        },
    }  # fmt: skip
