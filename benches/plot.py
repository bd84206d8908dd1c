"""The README's picture of speed, from the results of `make bench`.

Bars show how many times less CPU a request costs than with FastAPI on uvicorn: ours, the thriftiest other
Python server of each row, and plain axum, which has no Python in it. The scale is logarithmic.
Writes light.svg and dark.svg.

Usage: plot.py RESULTS.json DIRECTORY
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).parent))

from suite.table import LIMIT, OURS, REFERENCE, Row, load
from suite.verdict import thriftiest, usable

WIDTH = 880
LEFT, RIGHT = 284, 130
TOP, ROW = 92, 44
BAR = 10
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
FONT = "font-family='-apple-system,BlinkMacSystemFont,Segoe UI,Noto Sans,Helvetica,Arial,sans-serif'"


@dataclass(frozen=True)
class Theme:
    text: str
    faint: str
    grid: str
    ours: str
    peer: str
    limit: str


THEMES = {
    "light": Theme("#1f2328", "#59636e", "#d8dee4", "#0969da", "#bf8700", "#8c959f"),
    "dark": Theme("#f0f6fc", "#9198a1", "#30363d", "#4493f8", "#d29922", "#656c76"),
}


@dataclass(frozen=True)
class Bar:
    label: str
    times: float
    color: str
    bold: bool = False


def scale(times: float, most: float) -> float:
    """The length of a bar in pixels; 1 is at the axis, and what is below it has none."""
    return max(0.0, log(max(times, 1.0)) / log(most)) * (WIDTH - LEFT - RIGHT)


def text(x: float, y: float, content: str, color: str, size: int = 12, more: str = "") -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' fill='{color}' font-size='{size}'"
    return f"<text {place} {FONT} {more}>{escape(content)}</text>"


def box(x: float, y: float, length: float, color: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{length:.1f}' height='{BAR}' rx='1.5' fill='{color}'/>"


def bars(row: Row, peers: dict[str, dict[str, Any]], theme: Theme) -> list[Bar]:
    found = []
    figures = usable(peers)
    if OURS in figures:
        found.append(Bar("FastrAPI", figures[OURS]["times_less"], theme.ours, bold=True))
    others = {name: of for name, of in peers.items() if name != REFERENCE and not name.startswith("fastapi")}
    if first := thriftiest(row, others):
        found.append(Bar(first[0], first[1]["times_less"], theme.peer))
    if LIMIT in figures:
        found.append(Bar("axum", figures[LIMIT]["times_less"], theme.limit))
    return found


def draw_row(row: Row, peers: dict[str, dict[str, Any]], y: float, most: float, theme: Theme) -> list[str]:
    reference = usable(peers)[REFERENCE]["cpu_us"]
    ours = usable(peers)[OURS]["cpu_us"]
    cost = f"{reference:,.0f} → {ours:,.1f} µs" if ours < 100 else f"{reference:,.0f} → {ours:,.0f} µs"
    lines = [
        text(LEFT - 12, y + 15, row.title, theme.text, 13, "text-anchor='end'"),
        text(LEFT - 12, y + 30, cost, theme.faint, 11, "text-anchor='end'"),
    ]
    for place, bar in enumerate(bars(row, peers, theme)):
        top = y + 2 + place * (BAR + 2)
        length = scale(bar.times, most)
        digits = 0 if bar.times >= 100 else 1
        lines.append(box(LEFT, top, max(length, 1), bar.color))
        weight = "font-weight='600'" if bar.bold else ""
        label = f"{bar.times:,.{digits}f} ×" + ("" if bar.bold else f" {bar.label}")
        color = theme.text if bar.bold else theme.faint
        lines.append(text(LEFT + length + 6, top + BAR - 1, label, color, 11, weight))
    return lines


def draw_axis(bottom: float, most: float, theme: Theme) -> list[str]:
    lines = []
    for tick in TICKS:
        if tick > most:
            break
        x = LEFT + scale(tick, most)
        lines.append(
            f"<line x1='{x:.1f}' y1='{TOP - 8}' x2='{x:.1f}' y2='{bottom:.1f}' stroke='{theme.grid}'/>"
        )
        label = "FastAPI" if tick == 1 else f"{tick} ×"
        lines.append(text(x, TOP - 14, label, theme.faint, 11, "text-anchor='middle'"))
    return lines


def draw(results: dict[str, Any], theme: Theme) -> str:
    rows = [
        row
        for row in load().rows
        if row.judged and row.workers == 1 and row.name != "hello_count" and row.name in results["rows"]
        and {OURS, REFERENCE} <= set(usable(results["rows"][row.name]["peers"]))
    ]  # fmt: skip
    peers = {row.name: results["rows"][row.name]["peers"] for row in rows}
    rows.sort(key=lambda row: -float(peers[row.name][OURS]["times_less"]))
    most = max(bar.times for row in rows for bar in bars(row, peers[row.name], theme)) * 1.02
    bottom = TOP + ROW * len(rows)
    height = bottom + 44
    machine = results["machine"]
    versions = results["versions"]
    python = versions.get("ours", {}).get("python", "")
    peers_python = versions.get("fastapi", {}).get("python", "")
    dated = f"{results['made'][1][:10]}, {machine['cpu']}, one core, {machine['system']}"
    pythons = f"FastrAPI on CPython {python}, the others on {peers_python}; medians of interleaved runs"
    role = f"width='{WIDTH}' height='{height}' role='img' aria-labelledby='title'"
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {role}>",
        "<title id='title'>How many times less CPU a request costs than with FastAPI on uvicorn</title>",
        text(
            16, 26, "Times less CPU per request than FastAPI on uvicorn", theme.text, 17, "font-weight='600'"
        ),
        box(16, 41, BAR, theme.ours),
        text(31, 50, "FastrAPI", theme.text),
        box(100, 41, BAR, theme.peer),
        text(115, 50, "thriftiest other Python server", theme.text),
        box(316, 41, BAR, theme.limit),
        text(331, 50, "plain axum: Rust, no Python", theme.text),
        text(WIDTH - 16, 50, "logarithmic", theme.faint, 11, "text-anchor='end'"),
        *draw_axis(bottom, most, theme),
    ]
    for place, row in enumerate(rows):
        lines += draw_row(row, peers[row.name], TOP + place * ROW, most, theme)
    lines += [text(16, bottom + 20, dated, theme.faint, 11), text(16, bottom + 35, pythons, theme.faint, 11)]
    return "\n".join([*lines, "</svg>", ""])


def main(results: Path, directory: Path) -> None:
    content = json.loads(results.read_text())
    directory.mkdir(parents=True, exist_ok=True)
    for name, theme in THEMES.items():
        (directory / f"{name}.svg").write_text(draw(content, theme))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
