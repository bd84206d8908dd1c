"""Words of a text, and the excerpt of a text that shows them."""

import html
import re
import unicodedata
from collections.abc import Collection
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")

# A README can be a megabyte; an excerpt is taken from its beginning, so that a page of results stays cheap.
_SCANNED_CHARACTERS: Final = 20_000


def normalise(word: str) -> str:
    """Fold case and drop accents, as SQLite's `unicode61 remove_diacritics 2` does."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The words of `text` in order, normalised."""
    return [normalise(word) for word in _WORD.findall(text)]


def excerpt(text: str, wanted: Collection[str], width: int = 240) -> str:
    """Return about `width` characters around the densest matches, as HTML with `<mark>` around each match.

    Everything taken from `text` is escaped, so the result may be put into a page as it is.
    """
    flat = " ".join(text[:_SCANNED_CHARACTERS].split())
    matches = [match.span() for match in _WORD.finditer(flat) if normalise(match.group()) in wanted]
    start = _densest_window(matches, width)
    end = min(start + width, len(flat))
    if start > 0:
        start = flat.find(" ", start - 1, end) + 1 or start
    if end < len(flat):
        end = max(flat.rfind(" ", start, end), start) or end
    parts = ["…" if start > 0 else ""]
    position = start
    for first, last in matches:
        if start <= first and last <= end:
            parts.append(f"{html.escape(flat[position:first])}<mark>{html.escape(flat[first:last])}</mark>")
            position = last
    parts.append(html.escape(flat[position:end]))
    parts.append("…" if end < len(flat) else "")
    return "".join(parts)


def _densest_window(matches: list[tuple[int, int]], width: int) -> int:
    """Start of the window of `width` characters with the most matches, and a little context before them."""
    best_count, best_start = 0, 0
    first = 0
    for last, (_, end) in enumerate(matches):
        while end - matches[first][0] > width * 3 // 4:
            first += 1
        if last - first + 1 > best_count:
            best_count, best_start = last - first + 1, matches[first][0]
    return max(0, best_start - width // 6)
