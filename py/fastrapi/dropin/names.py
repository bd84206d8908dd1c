"""Which of our modules answers to which name."""

from importlib.util import find_spec

FASTAPI = "fastapi"
STARLETTE = "starlette"
ROOTS = (FASTAPI, STARLETTE)

_OWN_ROOT = "fastrapi"
_STARLETTE_TREE = "fastrapi.compat.starlette"

# Modules of Starlette in which no name means anything else than in FastAPI, so that one module of
# ours is both. The others are in the tree of their own.
_SHARED = frozenset(
    {
        "_exception_handler",
        "_utils",
        "applications",
        "authentication",
        "concurrency",
        "config",
        "convertors",
        "endpoints",
        "formparsers",
        "middleware",
        "requests",
        "responses",
        "schemas",
        "staticfiles",
        "status",
        "templating",
        "testclient",
        "types",
        "websockets",
    }
)


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
        if rest.partition(".")[0] in _SHARED:
            candidates.append(f"{_OWN_ROOT}.{rest}")
    return next((candidate for candidate in candidates if _exists(candidate)), None)
