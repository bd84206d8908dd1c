"""Starlette's vocabulary: what `import starlette` resolves to in drop-in mode.

Only the modules in which a name means something else than in FastAPI live here; every other module of
the vocabulary is the `fastrapi` module of the same name.
"""

from __future__ import annotations

from fastrapi._version import STARLETTE_PARITY as __version__

__all__ = ["__version__"]
