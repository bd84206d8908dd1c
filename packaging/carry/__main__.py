"""``python -m carry``: run by the Python that the binary links to, as compiled modules fit one version."""

import argparse
from pathlib import Path

from .archive import Archive
from .modules import add_importer, add_package, add_packages, add_standard_library
from .precompile import add_precompiled


def main() -> None:
    """Build the archive."""
    parser = argparse.ArgumentParser(prog="python -m carry", description=__doc__)
    parser.add_argument(
        "--packages", type=Path, required=True, help="directory that pip installed packages into"
    )
    parser.add_argument("--source", type=Path, required=True, help="directory of the package fastrapi")
    parser.add_argument("--version", required=True, help="version of the package fastrapi")
    parser.add_argument(
        "--importer", type=Path, required=True, help="directory of importer.py and resources.py"
    )
    parser.add_argument("--output", type=Path, required=True, help="the archive")
    arguments = parser.parse_args()
    archive = Archive()
    add_importer(archive, arguments.importer)
    add_standard_library(archive)
    add_packages(archive, arguments.packages)
    add_package(archive, arguments.source, arguments.version)
    add_precompiled(archive, arguments.packages, arguments.source)
    archive.write(arguments.output)


if __name__ == "__main__":
    main()
