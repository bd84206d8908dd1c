#!/bin/sh
# Prints the path of the Python to build for: $PYTHON, else the system's Python 3.11 or later that has a static
# libpython, else any python3.
set -eu

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

has_archive() {
    "$1" - 2>/dev/null <<'PROGRAM'
import pathlib, sys, sysconfig
sys.exit(not list(pathlib.Path(sysconfig.get_config_var("LIBPL") or "/nonexistent").glob("libpython*.a")))
PROGRAM
}

if [ -n "${PYTHON:-}" ]; then
    found=$(command -v "$PYTHON") || { echo "error: PYTHON=$PYTHON does not exist" >&2; exit 1; }
    suitable "$found" || { echo "error: PYTHON=$PYTHON is not Python 3.11 or later" >&2; exit 1; }
    echo "$found"
    exit
fi
for candidate in /usr/bin/python3.11 /usr/bin/python3; do
    if suitable "$candidate" && has_archive "$candidate"; then
        echo "$candidate"
        exit
    fi
done
for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if suitable "$candidate"; then
        command -v "$candidate"
        exit
    fi
done
echo "error: no Python 3.11 or later was found" >&2
echo "hint: apt-get install python3-dev python3-venv, or name one: make PYTHON=/path/to/python3" >&2
exit 1
