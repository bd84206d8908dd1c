"""What the Rust extension offers to Python. It is absent where the package runs without it."""

from typing import Any, final

from fastrapi.plan import ApplicationPlan
from fastrapi.plan.models import Shapes
from fastrapi.types import Scope

def main() -> int:
    """Run the command line `fastrapi-server` with `sys.argv`; returns the exit status."""

@final
class Plans:
    """The plans of an application, for lookups."""

    def __new__(cls, plan: ApplicationPlan) -> Plans: ...
    def announce(
        self, scope: Scope, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]
    ) -> None:
        """Add the plan that a request leads to to the extensions of its scope, if there is one."""

@final
class PlannedCall:
    """One request with its plan; see `fastrapi.routing.planned.PlannedCall`."""

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
