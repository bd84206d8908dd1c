"""Renew the documentation pages' assets that the package carries.

    python tools/fetch_docs_assets.py            # fetch what the manifest pins, verify, write
    python tools/fetch_docs_assets.py --check    # verify the files that are there, offline

The manifest pins each npm package by version and SHA-256 of its archive, and each file by the
SHA-256 of its contents. To move to another version, edit the pins and run this with `--repin`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parent.parent / "py" / "fastrapi" / "openapi" / "assets"
MANIFEST = ASSETS / "manifest.json"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stored_name(package: dict[str, Any], file: dict[str, Any]) -> str:
    """The name under which a file is kept; compressible ones are kept compressed."""
    return f"{package['name']}/{Path(file['path']).name}" + (".gz" if file["compress"] else "")


def pack(package: dict[str, Any], into: Path) -> bytes:
    """The package's npm archive."""
    command = ["npm", "pack", "--silent", f"{package['name']}@{package['version']}"]
    subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # from the manifest
    return (into / f"{package['name']}-{package['version']}.tgz").read_bytes()


def expect(what: str, actual: str, pins: dict[str, Any], repin: bool) -> None:
    if repin:
        pins["sha256"] = actual
    elif pins["sha256"] != actual:
        raise SystemExit(f"error: {what} has SHA-256 {actual}, the manifest says {pins['sha256']}")


def fetch(manifest: dict[str, Any], repin: bool) -> None:
    for package in manifest["packages"]:
        with tempfile.TemporaryDirectory() as folder:
            archive = pack(package, Path(folder))
            expect(package["name"], sha256(archive), package, repin)
            with tarfile.open(Path(folder) / f"{package['name']}-{package['version']}.tgz") as tar:
                for file in package["files"]:
                    member = tar.extractfile(f"package/{file['path']}")
                    if member is None:
                        raise SystemExit(f"error: {package['name']} has no file {file['path']}")
                    data = member.read()
                    expect(file["path"], sha256(data), file, repin)
                    target = ASSETS / "files" / stored_name(package, file)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    # mtime=0: the same contents give the same bytes on every machine.
                    target.write_bytes(gzip.compress(data, 9, mtime=0) if file["compress"] else data)
    if repin:
        MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")


def check(manifest: dict[str, Any]) -> None:
    for package in manifest["packages"]:
        for file in package["files"]:
            data = (ASSETS / "files" / stored_name(package, file)).read_bytes()
            expect(
                file["path"], sha256(gzip.decompress(data) if file["compress"] else data), file, repin=False
            )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="verify the files that are there")
    parser.add_argument("--repin", action="store_true", help="write the hashes of what was fetched")
    options = parser.parse_args()
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text())
    if options.check:
        check(manifest)
    else:
        fetch(manifest, options.repin)
    return 0


if __name__ == "__main__":
    sys.exit(main())
