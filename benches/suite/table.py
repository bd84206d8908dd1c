"""The rows of benches/table.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BENCHES = Path(__file__).resolve().parents[1]

OURS = "ours"
REFERENCE = "fastapi-uvicorn"
LIMIT = "axum"
EMBEDDED = "fastapi-embedded"
"""FastAPI on uvicorn once more, on the Python that our binary carries."""
CALLS = "calls-alone"
"""What the handler of the search workload does, without a server around it."""


@dataclass(frozen=True)
class Row:
    """One row; the file says what the fields mean."""

    name: str
    title: str
    peers: list[str]
    workload: str = ""
    workers: int = 1
    at_least: float | None = None
    of_axum: float | None = None
    minimum: float | None = None
    of_row: dict[str, float] = field(default_factory=dict)
    above: float | None = None
    blocking: list[str] = field(default_factory=list)
    judged: bool = True
    rounds: int = 3
    duration: float = 1.2

    @property
    def asks(self) -> str:
        """webbench's name of the workload."""
        return self.workload or self.name

    def contenders(self) -> list[str]:
        """Everybody who is measured, the reference first."""
        ours = [OURS] if self.above is None else [OURS, CALLS]  # neighbours in time
        return [REFERENCE, EMBEDDED, *ours, *self.peers, LIMIT]


@dataclass(frozen=True)
class Cold:
    """What is asked of a start, as shares of others'."""

    peers: list[str]
    first_answer_of: dict[str, float]
    memory_of: dict[str, float]
    rounds: int = 3

    def contenders(self) -> list[str]:
        return [REFERENCE, EMBEDDED, OURS, *self.peers, LIMIT]


@dataclass(frozen=True)
class Table:
    rows: list[Row]
    cold: Cold

    def peers(self) -> list[str]:
        """All Python servers besides ours."""
        found = [peer for row in self.rows for peer in row.peers] + self.cold.peers
        return list(dict.fromkeys(found))

    def select(self, names: str | None) -> list[Row]:
        """The rows of these comma-separated names, or all of them. Unknown ones end the program."""
        if not names:
            return self.rows
        wanted = [name for name in names.split(",") if name != "cold"]
        known = {row.name: row for row in self.rows}
        if unknown := [name for name in wanted if name not in known]:
            raise SystemExit(
                f"error: no such rows: {', '.join(unknown)}; there are: {', '.join(known)}, cold"
            )
        return [known[name] for name in wanted]


def load(path: Path = BENCHES / "table.toml") -> Table:
    content: dict[str, Any] = tomllib.loads(path.read_text())
    return Table([Row(**row) for row in content["row"]], Cold(**content["cold"]))
