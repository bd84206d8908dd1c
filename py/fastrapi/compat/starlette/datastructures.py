"""Starlette's data structures; `UploadFile` is the one that pydantic does not know."""

from __future__ import annotations

from fastrapi._datastructures.config_values import CommaSeparatedStrings, Secret
from fastrapi._datastructures.connection import Address, State
from fastrapi._datastructures.form import FormData, UploadFile
from fastrapi._datastructures.headers import Headers, MutableHeaders
from fastrapi._datastructures.multidict import ImmutableMultiDict, MultiDict, QueryParams
from fastrapi._datastructures.url import URL, URLPath

__all__ = [
    "URL",
    "Address",
    "CommaSeparatedStrings",
    "FormData",
    "Headers",
    "ImmutableMultiDict",
    "MultiDict",
    "MutableHeaders",
    "QueryParams",
    "Secret",
    "State",
    "URLPath",
    "UploadFile",
]
