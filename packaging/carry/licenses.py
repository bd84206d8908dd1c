"""``python -m carry.licenses``: the licences of everything that the binary is made of.

Taken from where each part keeps them: the crates' sources, the packages' metadata, the documentation of the
system's packages (Debian's ``/usr/share/doc/*/copyright``) and the interpreter's own ``LICENSE.txt``. Written
compressed, for `fastrapi-server licenses`.
"""

import argparse
import importlib.metadata
import json
import re
import shutil
import subprocess
import sysconfig
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .libraries import needed
from .modules import UNUSED_EXTENSIONS, is_extension, matches

NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense|authors)([-._].*)?$", re.IGNORECASE)
DOCUMENTATION = Path("/usr/share/doc")


@dataclass(frozen=True, order=True)
class Part:
    """One part, and the texts that come with it."""

    name: str
    license: str
    texts: tuple[str, ...]


def crates(manifest: Path, package: str) -> Iterator[Part]:
    """The crates that `package` is compiled from; no network is needed for what has been fetched."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--manifest-path", str(manifest)]
    host = re.search(r"host: (.*)", run("rustc", "-vV"))
    metadata = json.loads(run(*command, *(["--filter-platform", host[1]] if host else [])))
    packages = {entry["id"]: entry for entry in metadata["packages"]}
    uses = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    found: set[str] = set()
    waiting = [identity for identity, entry in packages.items() if entry["name"] == package]
    while waiting:
        identity = waiting.pop()
        if identity in found:
            continue
        found.add(identity)
        compiled = (use for use in uses[identity] if any(kind["kind"] is None for kind in use["dep_kinds"]))
        waiting.extend(use["pkg"] for use in compiled)
    for identity in found:
        entry = packages[identity]
        if entry["source"] is not None:
            directory = Path(entry["manifest_path"]).parent
            files = sorted(path for path in directory.rglob("*") if NAMES.match(path.name) and path.is_file())
            expression = entry["license"] or "see below"
            yield Part(f"{entry['name']} {entry['version']}", expression, texts(files))


def packages(installed: Path) -> Iterator[Part]:
    """The Python packages that pip has put into `installed`."""
    for distribution in importlib.metadata.distributions(path=[str(installed)]):
        files = [Path(str(distribution.locate_file(file))) for file in distribution.files or ()]
        own = [file for file in files if ".dist-info" in str(file) and NAMES.match(file.name)]
        metadata = distribution.metadata
        named = [metadata[key] for key in ("License-Expression", "License") if key in metadata]
        expression = named[0].splitlines()[0] if named else "see below"
        yield Part(f"{metadata['Name']} {distribution.version}", expression, texts(sorted(own)))


def libraries(linked: Path) -> Iterator[Part]:
    """The interpreter, and the libraries that are linked or carried beside it."""
    # What is linked may be a copy of one of the interpreter's own archives.
    archives = Path(sysconfig.get_config_var("LIBPL")).glob("*.a")
    found = {Path(sysconfig.get_path("stdlib"), "os.py"), *archives}
    for argument in linked.read_text().split():
        if argument.startswith("/") and argument.endswith(".a"):
            found.add(Path(argument))
    for path in Path(sysconfig.get_config_var("DESTSHARED")).iterdir():
        if is_extension(path) and not matches(path, UNUSED_EXTENSIONS):
            found.update(needed(path).values())
    license_file = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    yield Part(f"CPython {sysconfig.get_python_version()}", "PSF-2.0", texts([license_file]))
    for name in sorted({owner for path in found for owner in owners(path)}):
        yield Part(
            f"{name} (as packaged by the system)", "see below", texts([DOCUMENTATION / name / "copyright"])
        )


def assets(source: Path) -> Iterator[Part]:
    """What our package carries of others', each in a directory with its licence."""
    for file in source.rglob("LICENSE"):
        files = sorted(path for path in file.parent.iterdir() if "LICENSE" in path.name)
        yield Part(file.parent.name, "see below", texts(files))


def owners(path: Path) -> Iterator[str]:
    """The system's package that a file is from; none where the system is not Debian's."""
    if shutil.which("dpkg") is None:
        return
    for candidate in (path, path.resolve(), Path("/usr", *path.parts[1:])):
        done = subprocess.run(["dpkg", "-S", candidate], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            yield done.stdout.partition(":")[0]
            return


def texts(files: list[Path]) -> tuple[str, ...]:
    """The files' contents, those that exist, each once."""
    found = (file.read_text(errors="replace").strip() for file in files if file.is_file())
    return tuple(dict.fromkeys(text for text in found if text))


def run(*command: str) -> str:
    """The output of a command that must succeed."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def document(parts: list[Part]) -> str:
    """All parts by name, and each text once, under the names of the parts that have it."""
    by_text: dict[str, list[str]] = {}
    for part in parts:
        for text in part.texts:
            by_text.setdefault(text, []).append(part.name)
    lines = [f"{part.name}: {part.license}" for part in parts]
    blocks = [f"{'=' * 79}\n{', '.join(names)}\n{'-' * 79}\n{text}\n" for text, names in by_text.items()]
    return "This program is made of:\n\n" + "\n".join(lines) + "\n\nTheir licences:\n\n" + "\n".join(blocks)


def main() -> None:
    """Write the document."""
    parser = argparse.ArgumentParser(prog="python -m carry.licenses", description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True, help="the workspace's Cargo.toml")
    parser.add_argument("--package", required=True, help="the crate that the program is made from")
    parser.add_argument("--packages", type=Path, required=True, help="directory that pip installed into")
    parser.add_argument("--source", type=Path, required=True, help="directory of the package fastrapi")
    parser.add_argument("--linked", type=Path, required=True, help="the linker arguments for libpython")
    parser.add_argument("--output", type=Path, required=True, help="the compressed document")
    arguments = parser.parse_args()
    found = {
        *crates(arguments.manifest, arguments.package),
        *packages(arguments.packages),
        *assets(arguments.source),
        *libraries(arguments.linked),
    }
    content = zlib.compress(document(sorted(found)).encode(), 9)
    if not arguments.output.is_file() or arguments.output.read_bytes() != content:
        arguments.output.write_bytes(content)


if __name__ == "__main__":
    main()
