"""Work to do after a response was sent, as path operations ask for it with a parameter."""

from __future__ import annotations

from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.compat.starlette.background import BackgroundTasks as StarletteBackgroundTasks

__all__ = ["BackgroundTask", "BackgroundTasks"]


class BackgroundTasks(StarletteBackgroundTasks):
    """Calls to make after the response was sent, one after the other.

    Declared as a parameter of a path operation or a dependency, it is given by the framework and run after
    the response; the parameters of one request share one sequence.
    """
