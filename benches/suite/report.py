"""The results as Markdown."""

from __future__ import annotations

from typing import Any

from .table import CALLS, EMBEDDED, LIMIT, OURS, REFERENCE, Row, Table
from .verdict import Figures, Judgement, busiest, judge, thriftiest, usable

Cells = list[str]


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _figure(peers: dict[str, Figures], name: str, key: str, digits: int = 1) -> str:
    return _number(usable(peers).get(name, {}).get(key), digits)


def _table(head: Cells, lines: list[Cells]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *lines]] + [""]


def _row(row: Row, peers: dict[str, Figures]) -> Cells:
    thrifty, busy = thriftiest(row, peers), busiest(row, peers)
    goal = "" if row.at_least is None else f" (≥ {row.at_least:g})"
    axum_goal = "" if row.of_axum is None else f" (≤ {row.of_axum:.2f})"
    return [
        row.title,
        _figure(peers, REFERENCE, "cpu_us"),
        _figure(peers, EMBEDDED, "cpu_us"),
        f"**{_figure(peers, OURS, 'cpu_us')}**",
        f"**{_figure(peers, OURS, 'times_less')} ×**{goal}",
        f"{thrifty[1]['cpu_us']:.1f} {thrifty[0]}" if thrifty else "–",
        _figure(peers, LIMIT, "cpu_us"),
        f"{_figure(peers, OURS, 'of_axum', 2)}{axum_goal}",
        _figure(peers, OURS, "rps", 0),
        f"{busy[1]['rps']:,.0f} {busy[0]}" if busy else "–",
        _milliseconds(usable(peers).get(OURS)),
        _milliseconds(busy[1]) if busy else "–",
    ]


def _milliseconds(figures: Figures | None) -> str:
    return "–" if figures is None else f"{figures['p99_us'] / 1e3:.2f}"


def _loads(table: Table, rows: dict[str, dict[str, Figures]]) -> list[str]:
    head = [
        "workload", "FastAPI, µs", "FastAPI on our Python", "ours, µs", "times less (goal)",
        "thriftiest rival, µs", "axum, µs", "ours ÷ axum (goal)", "ours, req/s", "busiest rival, req/s",
        "ours, p99 ms", "its p99 ms",
    ]  # fmt: skip
    lines = [_row(row, rows[row.name]) for row in table.rows if row.name in rows]
    lines += [
        ["the Redis calls of that search alone", "", "", _figure(peers, CALLS, "cpu_us"), *[""] * 8]
        for peers in (rows.get("search", {}),) if CALLS in usable(peers)
    ]  # fmt: skip
    return _table(head, lines)


def _every_peer(table: Table, rows: dict[str, dict[str, Figures]]) -> list[str]:
    """Each peer's times less CPU than FastAPI, or why there is no figure."""
    present = [row for row in table.rows if row.name in rows]
    names = list(dict.fromkeys(peer for row in present for peer in rows[row.name] if peer != CALLS))

    def cell(figures: Figures | None) -> str:
        if figures is None:
            return ""
        if "cannot" in figures:
            return "cannot"
        return "failed" if "failed" in figures else _number(figures["times_less"], 2)

    return _table(
        ["workload", *names],
        [[row.name, *(cell(rows[row.name].get(name)) for name in names)] for row in present],
    )


def _cold(peers: dict[str, Figures]) -> list[str]:
    keys = ("first_answer_ms", "rss_mib", "pss_mib", "idle_cpu_percent")
    ordered = sorted(usable(peers).items(), key=lambda peer: float(peer[1]["first_answer_ms"]))
    return _table(
        ["server", "exec to first answer, ms", "idle RSS, MiB", "idle PSS, MiB", "idle CPU, %"],
        [[name, *(_number(figures[key], 0) for key in keys)] for name, figures in ordered],
    )


def _versions(results: dict[str, Any]) -> list[str]:
    lines = []
    for environment, versions in sorted(results["versions"].items()):
        packages = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "python")
        lines.append([environment, versions.get("python", "–"), packages])
    return _table(["environment", "CPython", "packages"], lines)


def _misses(judgements: list[Judgement]) -> list[str]:
    misses = [f"- {judgement.row}: {judgement.says}" for judgement in judgements if not judgement.holds]
    return [*(misses or ["- none"]), ""]


def markdown(table: Table, results: dict[str, Any]) -> str:
    rows = {name: row["peers"] for name, row in results["rows"].items()}
    machine, (first, last) = results["machine"], results["made"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, {machine['system']}"
    lines = [
        f"Measured from {first} to {last}: {where}. CPU in µs per request of the whole process tree.",
        "",
        *_loads(table, rows),
        "Times less CPU than FastAPI on uvicorn, every server:",
        "",
        *_every_peer(table, rows),
    ]
    if "cold" in rows:
        lines += ["Start and idle memory:", "", *_cold(rows["cold"])]
    lines += ["Not as it should be:", "", *_misses(judge(table, results)), *_versions(results)]
    return "\n".join(lines)
