"""Which shared libraries an extension module needs besides glibc."""

import functools
import subprocess
import tempfile
from pathlib import Path

from .archive import Archive

PROVIDED = (
    "linux-vdso",
    "ld-linux",
    "libc.",
    "libm.",
    "libdl.",
    "libpthread.",
    "librt.",
    "libutil.",
    "libresolv.",
)
"""Parts of glibc, which the binary needs as well."""

LEFT_OUT = ("libgcc_s.", "libstdc++.", "libcrypt.")
"""Found on the system where they are needed: the compiler's runtime, and the LGPL-licensed ``crypt``."""


@functools.cache
def needed(library: Path) -> dict[str, Path]:
    """The libraries that `library` needs, directly or not, by the name they are asked for under."""
    output = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in output.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        if not arrow or name.startswith(PROVIDED + LEFT_OUT):
            continue
        if rest.startswith("not found"):
            raise SystemExit(f"error: {library} needs {name}, which is not installed")
        found[name] = Path(rest.rpartition(" (")[0])
    return found


def stripped(library: Path) -> bytes:
    """The library without debugging information and the symbols that only a linker needs."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory, library.name)
        subprocess.run(["strip", "--strip-unneeded", "-o", output, library], check=True)
        return output.read_bytes()


def add_extension(archive: Archive, name: str, path: Path) -> None:
    """Add the extension module at `path`, its libraries, and their order, those needed first."""
    archive.add(name, stripped(path))
    libraries = needed(path)
    ordered = sorted(libraries, key=lambda library: len(needed(libraries[library])))
    for library in ordered:
        if f"lib/{library}" not in archive:
            archive.add(f"lib/{library}", stripped(libraries[library]))
    if ordered:
        archive.add(f"{name}.needs", "\n".join(f"lib/{library}" for library in ordered).encode())
