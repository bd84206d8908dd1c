"""Switching drop-in mode on and off, and the choice between our modules and the installed ones."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Literal, get_args

import fastrapi
from fastrapi._version import FASTAPI_PARITY, __version__
from fastrapi.dropin.finder import DropInFinder, aliased_modules
from fastrapi.dropin.names import FASTAPI, own_name

Mode = Literal["auto", "replace", "real", "native"]
"""`replace`: our modules answer for `fastapi` and `starlette`. `real`: the installed ones do.
`auto`: ours do, unless the installed FastAPI is newer than the version that ours matches.
`native`: nothing is aliased, and whatever is installed is found."""


class DropInError(RuntimeError):
    """The mode cannot be had in this process or environment."""


@dataclass(frozen=True)
class Report:
    """What was decided.

    Attributes:
        requested: the mode that was asked for.
        effective: who answers for `fastapi` and `starlette` now.
        installed_version: the version of the installed FastAPI, if there is one.
        reason: why, in a sentence for a log or a banner.
    """

    requested: Mode
    effective: Literal["replace", "real", "native"]
    installed_version: str | None
    reason: str


_finder = DropInFinder()


def _installed_version() -> str | None:
    """The version of the FastAPI that is installed, whoever answers for it at the moment."""
    for finder in sys.meta_path:
        if isinstance(finder, DropInFinder):
            continue
        find = getattr(finder, "find_distributions", None)
        if find is not None:
            for found in find(metadata.DistributionFinder.Context(name=FASTAPI)):
                version: str = found.version
                return version
    return None


def _is_newer(version: str) -> bool:
    """Whether a version is newer than the one that our modules match; pre-releases count as their release."""
    return _release(version) > _release(FASTAPI_PARITY)


def _release(version: str) -> tuple[int, ...]:
    parts = []
    for part in version.split("."):
        digits = "".join(char for index, char in enumerate(part) if part[: index + 1].isdigit())
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts)


def _decide(mode: Mode, installed: str | None) -> tuple[Literal["replace", "real", "native"], str]:
    match mode:
        case "native":
            return "native", "nothing is aliased"
        case "replace":
            return "replace", "fastrapi answers for fastapi and starlette"
        case "real":
            if installed is None:
                raise DropInError(
                    "FastAPI is not installed in this environment, so it cannot be used as it is"
                )
            return "real", f"the installed FastAPI {installed} runs as an ASGI application"
        case "auto":
            if installed is not None and _is_newer(installed):
                reason = (
                    f"the installed FastAPI {installed} is newer than {FASTAPI_PARITY}, which fastrapi "
                    "matches; `--fastapi replace` uses fastrapi all the same"
                )
                return "real", reason
            return "replace", f"fastrapi answers for fastapi ({FASTAPI_PARITY}) and starlette"
    raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")


def _refuse_mixture() -> None:
    """Make sure that nobody has the other modules already: classes would not be each other's."""
    for name in aliased_modules():
        module = sys.modules[name]
        own = own_name(name)
        if own is None or sys.modules.get(own) is not module:
            raise DropInError(
                f"the installed {name.partition('.')[0]!r} has been imported already ({name}); "
                "drop-in mode has to be switched on before that"
            )


def install(mode: Mode = "auto") -> Report:
    """Choose who answers for `fastapi` and `starlette` in this process.

    Idempotent. Has to come before the first import of either.

    Args:
        mode: the choice, see `Mode`.

    Raises:
        DropInError: the installed modules are in use already, or are wanted and not there.
        ValueError: there is no such mode.
    """
    installed = _installed_version()
    effective, reason = _decide(mode, installed)
    if effective == "replace":
        _refuse_mixture()
        if _finder not in sys.meta_path:
            # First, so that it answers even where the real packages are installed.
            sys.meta_path.insert(0, _finder)
        # Packages choose by it what they can rely on.
        fastrapi.__version__ = FASTAPI_PARITY
    else:
        uninstall()
    return Report(requested=mode, effective=effective, installed_version=installed, reason=reason)


def uninstall() -> None:
    """Give the names back. Modules that were imported under them keep working where they are."""
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    fastrapi.__version__ = __version__
    for name in aliased_modules():
        own = own_name(name)
        if own is not None and sys.modules.get(own) is sys.modules[name]:
            del sys.modules[name]
