"""Which of our modules answers to which name."""

from importlib.util import find_spec

from fastrapi.compat.starlette import SHARED_MODULES

FASTAPI = "fastapi"
STARLETTE = "starlette"
ROOTS = (FASTAPI, STARLETTE)

_OWN_ROOT = "fastrapi"
_STARLETTE_TREE = "fastrapi.compat.starlette"


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def own_name(name: str) -> str | None:
    """The module of ours that stands for a module of FastAPI or Starlette, or `None` if none does."""
    root, _, rest = name.partition(".")
    if root == FASTAPI:
        candidates = [f"{_OWN_ROOT}.{rest}" if rest else _OWN_ROOT]
    elif not rest:
        candidates = [_STARLETTE_TREE]
    else:
        candidates = [f"{_STARLETTE_TREE}.{rest}"]
        if rest.partition(".")[0] in SHARED_MODULES:
            candidates.append(f"{_OWN_ROOT}.{rest}")
    return next((candidate for candidate in candidates if _exists(candidate)), None)
