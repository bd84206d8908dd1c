"""The `fastapi` command, for those who start applications with it.

The framework's own command is `fastrapi-server`, in the extension. Where the separate package
`fastapi-cli` is installed, its command is offered under this name as well.
"""

from collections.abc import Callable

cli_main: Callable[[], None] | None = None
try:
    from fastapi_cli import cli as _cli
except ImportError:
    pass
else:
    cli_main = _cli.main


def main() -> None:
    """Run `fastapi-cli`.

    Raises:
        RuntimeError: it is not installed.
    """
    if cli_main is None:
        raise RuntimeError(
            'To use the fastapi command, please install "fastapi[standard]":\n\n'
            '\tpip install "fastapi[standard]"\n'
        )
    cli_main()
