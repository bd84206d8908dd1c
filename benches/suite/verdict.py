"""Judges results by the rows' goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .table import CALLS, LIMIT, OURS, REFERENCE, Cold, Row, Table

Figures = dict[str, Any]
NO_RIVALS = {OURS, LIMIT, CALLS}


@dataclass(frozen=True)
class Judgement:
    """One statement about a row and whether it holds."""

    row: str
    says: str
    holds: bool


def usable(peers: dict[str, Figures]) -> dict[str, Figures]:
    return {name: figures for name, figures in peers.items() if "runs" in figures}


def rivals(row: Row, peers: dict[str, Figures]) -> dict[str, Figures]:
    """The Python servers that have figures."""
    out = NO_RIVALS | set(row.blocking)
    return {name: figures for name, figures in usable(peers).items() if name not in out}


def thriftiest(row: Row, peers: dict[str, Figures]) -> tuple[str, Figures] | None:
    """The rival that spends least CPU on a request."""
    return min(rivals(row, peers).items(), key=lambda peer: float(peer[1]["cpu_us"]), default=None)


def busiest(row: Row, peers: dict[str, Figures]) -> tuple[str, Figures] | None:
    """The rival that answers most requests in a second."""
    return max(rivals(row, peers).items(), key=lambda peer: float(peer[1]["rps"]), default=None)


def _cpu(row: Row, ours: Figures) -> list[Judgement]:
    found = []
    times, of_axum = ours["times_less"], ours["of_axum"]
    if row.of_axum is not None:
        says = f"{of_axum:.2f} of axum's CPU (at most {row.of_axum:.2f})"
        found.append(Judgement(row.name, says, of_axum <= row.of_axum))
    if row.at_least is not None:
        # Against axum, a slow machine disturbs least; where both limits are given, that one decides.
        decides = row.of_axum is None
        note = "" if decides else ", axum decides"
        says = f"{times:.1f} × less CPU than FastAPI (at least {row.at_least:g}{note})"
        found.append(Judgement(row.name, says, times >= row.at_least or not decides))
    return found


def _against_rows(row: Row, ours: Figures, all_peers: dict[str, dict[str, Figures]]) -> list[Judgement]:
    found = []
    for name, limit in row.of_row.items():
        other = all_peers.get(name, {}).get(OURS, {}).get("cpu_us")
        if other:
            share = ours["cpu_us"] / other
            says = f"{share:.2f} of {name} (at most {limit:.2f})"
            found.append(Judgement(row.name, says, share <= limit))
    return found


def _against_rivals(row: Row, peers: dict[str, Figures]) -> list[Judgement]:
    ours = peers[OURS]
    found = []
    if first := thriftiest(row, peers):
        name, figures = first
        says = f"the thriftiest rival, {name}, spends {figures['of_ours']:.2f} × ours"
        found.append(Judgement(row.name, says, figures["of_ours"] >= 1))
    if first := busiest(row, peers):
        name, figures = first
        says = f"{ours['rps']:,.0f} requests/s, the busiest rival, {name}, {figures['rps']:,.0f}"
        found.append(Judgement(row.name, says, ours["rps"] >= figures["rps"]))
        says = f"p99 {ours['p99_us'] / 1e3:.2f} ms, {name}'s {figures['p99_us'] / 1e3:.2f} ms"
        found.append(Judgement(row.name, says, ours["p99_us"] <= figures["p99_us"]))
    return found


def judge_row(row: Row, all_peers: dict[str, dict[str, Figures]]) -> list[Judgement]:
    peers = all_peers[row.name]
    ours = usable(peers).get(OURS)
    if ours is None or ours["times_less"] is None:
        reason = {name: peers.get(name) for name in (OURS, REFERENCE)}
        return [Judgement(row.name, f"no figures: {reason}"[:300], False)]
    found = _cpu(row, ours) + _against_rows(row, ours, all_peers) + _against_rivals(row, peers)
    if row.above is not None and (above := ours["above_calls_us"]) is not None:
        says = f"{above:.0f} µs above the calls alone (at most {row.above:g})"
        found.append(Judgement(row.name, says, above <= row.above))
    return found


def judge_cold(cold: Cold, peers: dict[str, Figures]) -> list[Judgement]:
    found = []
    for key, limits in (("first_answer_ms", cold.first_answer_of), ("rss_mib", cold.memory_of)):
        for name, limit in limits.items():
            figures = usable(peers)
            if OURS not in figures or name not in figures:
                found.append(Judgement("cold", f"no figures of {OURS} or {name}", False))
                continue
            share = figures[OURS][key] / figures[name][key]
            says = f"{key} {share:.2f} of {name}'s (at most {limit:g})"
            found.append(Judgement("cold", says, share <= limit))
    return found


def judge(table: Table, results: dict[str, Any]) -> list[Judgement]:
    """All statements, in the table's order."""
    all_peers = {name: row["peers"] for name, row in results["rows"].items()}
    found = []
    for row in table.rows:
        if row.name in all_peers and row.judged:
            found += judge_row(row, all_peers)
    if "cold" in all_peers:
        found += judge_cold(table.cold, all_peers["cold"])
    return found


def below_minimum(table: Table, results: dict[str, Any]) -> list[str]:
    """Rows with wrong answers, or below what even a busy machine has to show."""
    found = []
    for row in table.rows:
        if row.name in results["rows"]:
            times = results["rows"][row.name]["peers"].get(OURS, {}).get("times_less")
            if times is None or times < (row.minimum or 0):
                found.append(row.name)
    return found
