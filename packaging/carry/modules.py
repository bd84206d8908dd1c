"""Adds Python modules, compiled, with their sources and data files."""

import fnmatch
import importlib.machinery
import marshal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from .archive import ROOT, Archive
from .libraries import add_extension

PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
"""Packages that only work together: an environment that has pydantic replaces all of them."""

UNUSED_LIBRARY = (
    *("__pycache__", "site-packages", "dist-packages", "lib-dynload", "config-*", "sitecustomize.py"),
    *("test", "tests", "idlelib", "tkinter", "turtledemo", "turtle.py", "__phello__*"),
    *("lib2to3", "ensurepip", "pydoc_data"),
)
"""Parts of the standard library that no server uses: its tests, its desktop tools, its installers."""

UNUSED_EXTENSIONS = (
    *("*test*", "_xx*", "xx*", "_tkinter*", "nis.*", "ossaudiodev.*"),
    *("readline.*", "_dbm.*", "_gdbm.*"),
)
"""Extension modules for tests or desktops, and those whose libraries are under a licence unlike ours."""

UNUSED_PACKAGE = (
    *("__pycache__", "tests", "bin", "RECORD", "direct_url.json"),
    *("*.pyi", "*.pyx", "*.pxd", "*.h", "*.c"),
)


def matches(path: Path, patterns: tuple[str, ...]) -> bool:
    """Whether the last component of `path` matches one of `patterns`."""
    return any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)


def files(directory: Path, unused: tuple[str, ...]) -> Iterator[Path]:
    """All files below `directory`, in order, without what is matched by `unused` and what is below that."""
    for path in sorted(directory.iterdir()):
        if matches(path, unused):
            continue
        if path.is_dir():
            yield from files(path, unused)
        else:
            yield path


def is_extension(path: Path) -> bool:
    """Whether the import system takes the file for a compiled module of this interpreter."""
    return path.name.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))


def add_file(archive: Archive, name: str, path: Path) -> None:
    """Add one file as what it is: a module, an extension module, or data."""
    if is_extension(path):
        add_extension(archive, name, path)
        return
    content = path.read_bytes()
    archive.add_compressed(name, content)
    if path.suffix == ".py":
        code = compile(content, f"{ROOT}/{name}", "exec", dont_inherit=True, optimize=0)
        archive.add(f"{name}c", marshal.dumps(code))


def add_standard_library(archive: Archive) -> None:
    """Add the running interpreter's standard library."""
    library = Path(sysconfig.get_path("stdlib"))
    target = f"lib/python{sysconfig.get_python_version()}"
    for path in files(library, UNUSED_LIBRARY):
        if path.suffix == ".py":
            add_file(archive, f"{target}/{path.relative_to(library)}", path)
    for path in sorted(Path(sysconfig.get_config_var("DESTSHARED")).iterdir()):
        if is_extension(path) and not matches(path, UNUSED_EXTENSIONS):
            add_file(archive, f"{target}/lib-dynload/{path.name}", path)


def add_packages(archive: Archive, installed: Path) -> None:
    """Add what pip has put into `installed`: pydantic's set, and everything else."""
    for path in files(installed, UNUSED_PACKAGE):
        name = path.relative_to(installed)
        distribution = name.parts[0].removesuffix(".py").partition("-")[0]
        group = "pydantic" if distribution in PYDANTIC else "packages"
        add_file(archive, f"{group}/{name}", path)


def add_package(archive: Archive, source: Path, version: str) -> None:
    """Add our own package, from the directory `source` that contains it, and its metadata."""
    for path in files(source / "fastrapi", (*UNUSED_PACKAGE, "*.so")):
        add_file(archive, f"fastrapi/{path.relative_to(source)}", path)
    summary = "FastAPI's API on a server in Rust"
    metadata = f"Metadata-Version: 2.1\nName: fastrapi-server\nVersion: {version}\nSummary: {summary}\n"
    archive.add_compressed(f"fastrapi/fastrapi_server-{version}.dist-info/METADATA", metadata.encode())


def add_importer(archive: Archive, sources: Path) -> None:
    """Add the modules that import the others, from the directory `sources`."""
    stand_in = "import _fastrapi_importer\n_fastrapi_importer.install()\n"
    importer = (sources / "importer.py").read_text()
    for name, source in (("encodings", stand_in), ("_fastrapi_importer", importer)):
        code = compile(source, f"<frozen {name}>", "exec", dont_inherit=True, optimize=0)
        archive.add(f"boot/{name}.pyc", marshal.dumps(code))
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    add_file(archive, f"{library}/_fastrapi_resources.py", sources / "resources.py")
