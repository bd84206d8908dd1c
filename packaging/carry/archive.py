"""The archive's format; `crates/pybridge/src/interpreter/archive.rs` describes and reads it."""

import hashlib
import struct
import zlib
from pathlib import Path

MAGIC = b"FRCARRY1"
ROOT = "/fastrapi-server.carried"
"""Where the files appear to be. Nothing is written there; a path in a traceback has to start somehow."""


class Archive:
    """Files to be written, by name."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, int]] = {}

    def add(self, name: str, content: bytes) -> None:
        """Store `content` as it is, so that it can be used in place."""
        self._files[name] = (content, 0)

    def add_compressed(self, name: str, content: bytes) -> None:
        """Store `content` compressed: for what is read rarely."""
        self._files[name] = (zlib.compress(content, 9), len(content)) if content else (content, 0)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def to_bytes(self) -> bytes:
        """The archive, with entries telling `ROOT` and the digest of what is going to be unpacked."""
        digest = hashlib.sha256()
        for name, (content, _) in sorted(self._files.items()):
            if ".so" in name:
                digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
        self.add("digest", digest.hexdigest()[:32].encode())
        self.add("root", ROOT.encode())
        records, names, data = bytearray(), bytearray(), bytearray()
        for encoded, (content, uncompressed) in sorted((n.encode(), f) for n, f in self._files.items()):
            position = len(names), len(encoded), len(data), len(content), uncompressed
            records += struct.pack("<IIQII", *position)
            names += encoded
            data += content
        return MAGIC + struct.pack("<II", len(self._files), len(names)) + records + names + data

    def write(self, path: Path) -> None:
        """Write the archive unless `path` holds the same already, so that cargo does not link again."""
        content = self.to_bytes()
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
