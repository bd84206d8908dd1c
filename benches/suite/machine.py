"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path


def describe() -> dict[str, str | int]:
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {"cpu": cpu, "cores": os.cpu_count() or 1, "kernel": platform.release(), "system": system}


def newest_python(fallback: str) -> str:
    """The newest CPython that is installed, by PATH or by pyenv: peers run best on it."""
    minors = range(11, 20)
    found = [path for minor in minors if (path := shutil.which(f"python3.{minor}"))]
    found += [str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python3")]
    return max([*found, fallback], key=_version)


def _version(python: str) -> tuple[int, ...]:
    """(3, 13, 0), or () for what is no released CPython that has its whole library."""
    code = (
        "import sys, ensurepip, ssl; v = sys.version_info;"
        "print(*v[:3]) if v.releaselevel == 'final' and sys.implementation.name == 'cpython' else exit(1)"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else ()


def prioritise() -> list[str]:
    """webbench's options for a machine that schedules sessions against each other (sched_autogroup)."""
    switch = Path("/proc/sys/kernel/sched_autogroup_enabled")
    enabled = switch.exists() and switch.read_text().strip() == "1"
    return ["--autogroup-nice", "-10"] if enabled and os.geteuid() == 0 else []
