"""What the Rust extension offers to Python. It is absent where the package runs without it."""

from typing import Any, final

from fastrapi.plan import ApplicationPlan
from fastrapi.plan.models import Shapes
from fastrapi.types import ASGIApp

def main() -> int:
    """Run the command line `fastrapi-server` with `sys.argv`; returns the exit status."""

@final
class Plans:
    """The plans of an application, for lookups."""

    def __new__(cls, plan: ApplicationPlan) -> Plans: ...
    def find(
        self, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], /
    ) -> PlannedCall | None:
        """The call that a request leads to; `None` if only the ASGI application can serve it."""

@final
class PlannedCall:
    """One request with its plan."""

    @property
    def takes_body(self) -> bool: ...
    @property
    def is_task(self) -> bool: ...
    @property
    def is_sync(self) -> bool: ...
    @property
    def on_error(self) -> ASGIApp: ...
    def extend_scope(self, scope: dict[str, Any]) -> None: ...
    def run(self, body: bytes, request: Any) -> tuple[Any] | None:
        """Call the plan's function. `None`: nothing was called, the application has to serve the request."""

    def answer(self, result: Any) -> tuple[Any, ...]:
        """`(status, headers, body, finish)`, or `(response, finish)` for a response that sends itself."""

@final
class ModelReader:
    """Reads JSON into values of one type."""

    def __new__(cls, shapes: Shapes) -> ModelReader: ...
    def read(self, json: bytes, /) -> tuple[Any] | None:
        """The value in a tuple; `None`: pydantic has to decide."""

@final
class ModelWriter:
    """Writes values of one type as JSON."""

    def __new__(cls, shapes: Shapes) -> ModelWriter: ...
    def write(self, value: Any, /) -> bytes | None:
        """The JSON text; `None`: pydantic has to write it."""
