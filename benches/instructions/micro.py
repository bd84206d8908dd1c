"""The benchmarks of `cargo bench`, counted."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from .asks import CountError
from .server import PATIENCE, total

FEW, MANY = 500, 2500

#: Compiled benchmark -> what is counted in it
BENCHMARKS = {
    "routing": ["static_path::10000", "path_with_parameter::10000", "nothing"],
    "framing": ["message_in::41", "message_in::16384", "message_out::41"],
    "direct": [
        "parameters_of_path_and_query", "parameters_of_a_bearer_token", "parameters_of_a_model",
        "json_of_a_small_dict", "json_of_100_dicts",
        "plan_of_hello", "plan_of_items", "plan_of_a_model_in_and_out", "plan_of_dependencies",
    ],
}  # fmt: skip


def count_micro(binaries: list[Path], wanted: set[str] | None) -> dict[str, int]:
    """Instructions of one iteration of each benchmark."""
    found = {}
    for binary in binaries:
        target = binary.name.rpartition("-")[0]
        for benchmark in BENCHMARKS[target]:
            name = f"{target}::{benchmark}"
            if wanted is None or name in wanted:
                found[name] = (run(binary, name, MANY) - run(binary, name, FEW)) // (MANY - FEW)
                print(f"{name}: {found[name]:,} instructions", flush=True)
    return found


def run(binary: Path, name: str, iterations: int) -> int:
    """Instructions of the whole process; what two runs differ in is what the iterations cost."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet", str(binary)]
        command += ["--bench", "--timer", "os", "--sample-count", "1", "--sample-size", str(iterations)]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [*command, "--exact", name], env=environment, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        if done.returncode or not re.search(rf"\b{iterations}\b", done.stdout):
            raise CountError(f"{name} did not run: {done.stdout}{done.stderr}")
        return total(out)
