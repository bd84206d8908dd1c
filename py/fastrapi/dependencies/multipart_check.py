"""The check for a `python-multipart` that is the wrong one or too old.

Forms are parsed by this package itself, so none is needed. But where one is installed,
applications and their plugins rely on the framework to refuse a broken installation.
"""

from __future__ import annotations

import sys

from fastrapi.logger import logger

_MINIMUM = (0, 0, 13)
"""The first version that can be imported as `python_multipart`."""

multipart_not_installed_error = (
    'Form data requires "python-multipart" to be installed. \n'
    'You can install "python-multipart" with: \n\n'
    "pip install python-multipart\n"
)
multipart_incorrect_install_error = (
    'Form data requires "python-multipart" to be installed. '
    'It seems you installed "multipart" instead. \n'
    'You can remove "multipart" with: \n\n'
    "pip uninstall multipart\n\n"
    'And then install "python-multipart" with: \n\n'
    "pip install python-multipart\n"
)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())


def ensure_multipart_is_installed() -> None:
    """Refuse a module `multipart` that is not python-multipart's, where an old one is installed.

    Raises:
        RuntimeError: With the texts above.
    """
    if "python_multipart" not in sys.modules:
        # Nothing of the application uses it. Looking it up would cost an import.
        return
    if _version(sys.modules["python_multipart"].__version__) >= _MINIMUM:
        return
    try:
        # Versions before 0.0.13 have this name, like a package that has nothing to do with forms.
        from multipart import __version__
    except ImportError:
        logger.error(multipart_not_installed_error)
        raise RuntimeError(multipart_not_installed_error) from None
    try:
        from multipart.multipart import parse_options_header
    except ImportError:
        logger.error(multipart_incorrect_install_error)
        raise RuntimeError(multipart_incorrect_install_error) from None
    assert __version__
    assert parse_options_header
