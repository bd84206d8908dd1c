"""How the standalone binary is linked to the Python that runs this script.

Writes two files into the directory given as argument: ``pyo3.cfg``, which tells PyO3 about the interpreter
and keeps it from linking a libpython by itself (the same objects make the binary and the extension module),
and ``link-args``, one linker argument a line, which ``crates/cli/build.rs`` passes on for the binary.
libpython is linked statically where the interpreter's installation has an archive that can be.
"""

import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

MIMALLOC = b"_mi_heap_main"
"""A symbol that every mimalloc defines."""
PROBE = "int Py_IsInitialized(void); int main(void) { return Py_IsInitialized(); }\n"


def variable(name: str) -> str:
    """A configuration variable of the interpreter, empty if it has none of that name."""
    return str(sysconfig.get_config_var(name) or "")


def archive_candidates() -> Iterator[tuple[Path, list[str]]]:
    """Static libraries to try, and what else the linker must be told for each.

    Debian's plain one is not position-independent, the one named ``-pic`` is, and runs Python code 15 to 20 %
    slower. With the plain one the binary's own code lies at a fixed address, as that of Debian's ``python3``.
    """
    directory = Path(variable("LIBPL"))
    version = variable("LDVERSION")
    for name, arguments in ((f"libpython{version}.a", ["-no-pie"]), (f"libpython{version}-pic.a", [])):
        if (directory / name).is_file():
            yield directory / name, arguments


def with_private_allocator(archive: Path, directory: Path) -> Path:
    """The archive, or a copy of it in `directory` in which its allocator's symbols are private.

    From 3.13 on Python contains a mimalloc, all of it in one object. The binary has one of another version,
    and under the same names they cannot be linked.
    """
    if MIMALLOC not in archive.read_bytes():
        return archive
    copy = directory / archive.name
    patterns = [f"--localize-symbol={pattern}" for pattern in ("mi_*", "_mi_*")]
    # Of binutils, as the linker is.
    subprocess.run(["objcopy", "--wildcard", *patterns, str(archive), str(copy)], check=True)
    return copy


def has_machine_code(archive: Path) -> bool:
    """Whether the archive holds machine code, which every linker understands, rather than LTO bitcode."""
    return b".gnu.lto_" not in archive.read_bytes()


def static_library(name: str) -> Path | None:
    """The static library ``lib<name>.a`` of the system, if it is installed."""
    found = subprocess.run(
        ["cc", f"-print-file-name=lib{name}.a"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return Path(found) if Path(found).is_absolute() else None


def dependencies() -> list[str]:
    """What libpython needs: glibc's parts dynamically, everything else statically where it can be.

    Symbols of a static dependency stay private: extension modules get the library they were linked with.
    """
    listed = shlex.split(" ".join(variable(name) for name in ("LIBS", "SYSLIBS", "MODLIBS")))
    names = dict.fromkeys(argument.removeprefix("-l") for argument in listed if argument.startswith("-l"))
    arguments = []
    for name in names:
        archive = None if name in {"m", "dl", "util", "pthread", "c", "rt"} else static_library(name)
        if archive is None:
            arguments.append(f"-l{name}")
        else:
            arguments += [str(archive), f"-Wl,--exclude-libs,{archive.name}"]
    return arguments


def static_arguments(archive: Path, exported: Path) -> list[str]:
    """Linker arguments that put all of `archive` into the binary and export what extension modules need.

    CPython's compiler, which knew a profile, told code that hardly runs (a third) from the rest. The linker
    is not to mix them, or the one is in memory and in the processor's caches because of the other.
    """
    whole = ["-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive"]
    return [*whole, "-Wl,-z,keep-text-section-prefix", f"-Wl,--dynamic-list={exported}", *dependencies()]


def shared_arguments() -> list[str]:
    """Linker arguments for an interpreter without a usable archive."""
    directory = variable("LIBDIR")
    return [f"-L{directory}", f"-Wl,-rpath,{directory}", f"-lpython{variable('LDVERSION')}"]


def links(arguments: list[str]) -> bool:
    """Whether an executable, position-independent unless they say otherwise, can be linked so and starts."""
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "probe.c")
        source.write_text(PROBE)
        program = Path(directory, "probe")
        command = ["cc", "-fPIE", "-pie", str(source), "-o", str(program), *arguments]
        linked = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return linked and subprocess.run([program], check=False).returncode == 0


def link_arguments(exported: Path) -> list[str]:
    """The arguments to use; raises `SystemExit` if this Python cannot be embedded at all."""
    for archive, position in archive_candidates():
        if not has_machine_code(archive):
            continue
        linked = with_private_allocator(archive, exported.parent)
        arguments = [*position, *static_arguments(linked, exported)]
        if links(arguments):
            return arguments
    arguments = shared_arguments()
    if not links(arguments):
        raise SystemExit(
            f"error: {sys.executable} has neither a static nor a shared libpython to link\n"
            f"hint: apt-get install libpython{variable('py_version_short')}-dev"
        )
    return arguments


def write_if_changed(path: Path, text: str) -> None:
    """Keep the time stamp of a file that is already right, so that cargo does not build again."""
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def main(directory: Path) -> None:
    """Write the files."""
    directory.mkdir(parents=True, exist_ok=True)
    exported = directory / "exported-symbols"
    write_if_changed(exported, "{ Py*; _Py*; };\n")
    arguments = link_arguments(exported)
    write_if_changed(directory / "link-args", "".join(f"{argument}\n" for argument in arguments))
    static = "-Wl,--whole-archive" in arguments
    flags = [flag for flag in ("Py_DEBUG", "Py_GIL_DISABLED") if sysconfig.get_config_var(flag)]
    settings = {
        "implementation": "CPython",
        "version": variable("py_version_short"),
        "shared": str(not static).lower(),
        "executable": sys.executable,
        "pointer_width": "64" if sys.maxsize > 2**32 else "32",
        "build_flags": ",".join(flags),
        "suppress_build_script_link_lines": "true",
    }
    write_if_changed(directory / "pyo3.cfg", "".join(f"{key}={value}\n" for key, value in settings.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
