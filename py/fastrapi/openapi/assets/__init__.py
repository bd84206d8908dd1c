"""Swagger UI and ReDoc, carried in the package so that the documentation works without internet.

The files come from npm, pinned in `manifest.json` (see `tools/fetch_docs_assets.py`). They are
kept compressed and sent that way to clients that accept it. A page refers to one as
`?asset=NAME`, relative to itself: the page's own route answers, so nothing is added to the
application's route table and a `root_path` needs no care.
"""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from urllib.parse import quote

from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse, Response

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".txt": "text/plain"}


@dataclass(frozen=True)
class Asset:
    """One carried file.

    Attributes:
        name: the package, its version and the file's name: `redoc@2.5.4/redoc.standalone.js`.
        stored: its path below this package's folder.
        media_type: what it is sent as.
        compressed: whether it is kept compressed by gzip.
    """

    name: str
    stored: str
    media_type: str
    compressed: bool

    @property
    def url(self) -> str:
        """The file's address, relative to the page."""
        return f"?asset={quote(self.name, safe='@/')}"

    def stored_bytes(self) -> bytes:
        """The file as it is kept."""
        data = get_data(__name__, self.stored)
        if data is None:
            raise FileNotFoundError(self.stored)
        return data

    def contents(self) -> bytes:
        """The file as its package has it."""
        data = self.stored_bytes()
        return gzip.decompress(data) if self.compressed else data


@cache
def catalogue() -> dict[str, Asset]:
    """The carried files by the last part of their name."""
    manifest = get_data(__name__, "manifest.json")
    if manifest is None:
        raise FileNotFoundError("manifest.json")
    found: dict[str, Asset] = {}
    for package in json.loads(manifest)["packages"]:
        for file in package["files"]:
            base = file["path"].rpartition("/")[2]
            media_type = next((kind for end, kind in _MEDIA_TYPES.items() if base.endswith(end)), None)
            if media_type is None:
                continue  # a licence: it accompanies the files and is not linked
            found[base] = Asset(
                name=f"{package['name']}@{package['version']}/{base}",
                stored=f"files/{package['name']}/{base}{'.gz' if file['compress'] else ''}",
                media_type=media_type,
                compressed=file["compress"],
            )
    return found


def _accepts_gzip(request: Request) -> bool:
    """Whether the client takes gzip (RFC 9110, section 12.5.3); `q=0` means that it does not."""
    for item in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = item.partition(";")
        if coding.strip().lower() == "gzip":
            quality = weight.strip().lower().removeprefix("q=")
            return not quality or bool(quality.strip("0."))
    return False


def asset_response(request: Request) -> Response | None:
    """The answer to a request for a carried file, or `None` for a request for the page itself."""
    wanted: str | None = request.query_params.get("asset")
    if wanted is None:
        return None
    asset = catalogue().get(wanted.rpartition("/")[2])
    if asset is None or asset.name != wanted:
        return PlainTextResponse("Not Found", status_code=404)
    # The name has the version in it, so what is behind it never changes.
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if asset.compressed and _accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.stored_bytes(), media_type=asset.media_type, headers=headers)
    return Response(asset.contents(), media_type=asset.media_type, headers=headers)
