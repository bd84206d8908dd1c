"""Compiles, once, what Python modules would compile from text at every start.

`dataclasses`, `collections.namedtuple`, `typing.ForwardRef` and `re` turn strings into code while modules
are imported, which takes a third of an application's start. The result depends on nothing but the text,
so the archive holds it by its text; `crates/pybridge/src/interpreter/importer.py` looks there first.
"""

import marshal
import os
import subprocess
import sys
from pathlib import Path

from .archive import Archive

RECORDING = Path(__file__).with_name("recording.py")


def add_precompiled(archive: Archive, packages: Path, source: Path) -> None:
    """Add what the standard library, the packages in `packages` and ours in `source` compile."""
    # The order of sets, and with it that of some results, follows from the seed.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command: list[str | Path] = [sys.executable, "-sSPB", "-Wignore", RECORDING]
    command += [packages.absolute(), source.absolute()]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    for key, value in marshal.loads(done.stdout):
        # Lone surrogates, which only some patterns have, are not text that a name can hold.
        if key.encode(errors="ignore").decode() == key:
            archive.add(f"precompiled/{key}", value)
