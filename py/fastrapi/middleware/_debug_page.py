"""The HTML page that shows an exception in debug mode."""

from __future__ import annotations

import linecache
import traceback
from html import escape
from types import TracebackType

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
h1 { font-size: 1.3rem; margin: 0 0 .2rem; } h1 code { color: #b00020; }
details { border: 1px solid #ccd; border-radius: 4px; margin: .5rem 0; }
summary { padding: .4rem .7rem; background: #f3f4f8; cursor: pointer; }
ol { margin: 0; padding: .4rem 0; list-style: none; overflow-x: auto; }
ol, pre { font: 13px/1.6 ui-monospace, monospace; }
li { white-space: pre; padding: 0 .7rem; } li b { color: #888; font-weight: normal; }
li.current { background: #fff1c2; } pre { background: #f3f4f8; padding: 1rem; overflow-x: auto; }
"""


def render_debug_page(exc: BaseException, *, context_lines: int) -> str:
    """The page for an exception, with its causes. The innermost frame comes last and is unfolded."""
    name = escape(type(exc).__qualname__)
    chain = "".join(_exception_section(link, context_lines) for link in _chain(exc))
    text = escape("".join(traceback.format_exception(exc)))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head><body>{chain}"
        f"<h2>Traceback as text</h2><pre>{text}</pre></body></html>"
    )


def _chain(exc: BaseException) -> list[BaseException]:
    """The exception behind those that led to it, as Python prints them."""
    links: list[BaseException] = []
    link: BaseException | None = exc
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links[::-1]


def _exception_section(exc: BaseException, context_lines: int) -> str:
    frames = list(_frames(exc.__traceback__))
    sections = [
        _frame_section(filename, line, function, context_lines, unfolded=index == len(frames) - 1)
        for index, (filename, line, function) in enumerate(frames)
    ]
    return (
        f"<section><h1><code>{escape(type(exc).__qualname__)}</code>: {escape(str(exc))}</h1>"
        f"{''.join(sections)}</section>"
    )


def _frames(trace: TracebackType | None) -> list[tuple[str, int, str]]:
    return [
        (frame.f_code.co_filename, line, frame.f_code.co_name) for frame, line in traceback.walk_tb(trace)
    ]


def _frame_section(filename: str, line: int, function: str, context_lines: int, *, unfolded: bool) -> str:
    first = max(1, line - context_lines // 2)
    items = []
    for number in range(first, first + context_lines):
        source = linecache.getline(filename, number)
        if source:
            marker = ' class="current"' if number == line else ""
            items.append(f"<li{marker}><b>{number:>5} </b> {escape(source.rstrip())}</li>")
    state = " open" if unfolded else ""
    return (
        f"<details{state}><summary>{escape(filename)}, line {line}, in <code>{escape(function)}</code>"
        f"</summary><ol>{''.join(items)}</ol></details>"
    )
