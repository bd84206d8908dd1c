"""Work to do after a response was sent, as path operations ask for it with a parameter."""

from __future__ import annotations

from typing import Any

from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.compat.starlette.background import BackgroundTasks as StarletteBackgroundTasks
from fastrapi.logger import logger
from fastrapi.telemetry.operations import BACKGROUND_TASK, operation
from fastrapi.telemetry.state import current_telemetry

__all__ = ["BackgroundTask", "BackgroundTasks"]


def _name(task: BackgroundTask) -> str:
    func: Any = getattr(task, "func", task)
    return str(getattr(func, "__qualname__", None) or repr(func))


class BackgroundTasks(StarletteBackgroundTasks):
    """Calls to make after the response was sent, one after the other.

    Declared as a parameter of a path operation or a dependency, it is given by the framework and run after
    the response; the parameters of one request share one sequence.

    Attributes:
        isolate_errors: Whether the tasks after one that fails still run. If not, the error goes on to the
            server, which logs it; if so, it is logged here.
    """

    isolate_errors: bool = False

    async def __call__(self) -> None:
        # Tasks may add further ones while they run.
        for task in self.tasks:
            try:
                if current_telemetry.get() is None:
                    await task()
                else:
                    with operation(BACKGROUND_TASK, getattr(task, "func", None)):
                        await task()
            except Exception as error:
                if not self.isolate_errors:
                    error.add_note(f"In the background task {_name(task)}")
                    raise
                logger.exception("The background task %s failed", _name(task))


class _IsolatedBackgroundTasks(BackgroundTasks):
    isolate_errors = True


def background_tasks_class(app: Any) -> type[BackgroundTasks]:
    """The class for the tasks of requests to the application, which says what one that fails does."""
    isolates = getattr(app, "background_errors", "stop") == "isolate"
    return _IsolatedBackgroundTasks if isolates else BackgroundTasks
