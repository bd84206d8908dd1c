"""Uploads that the server cannot store."""

from __future__ import annotations

import errno
import os
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

from fastrapi import FastrAPI, UploadFile
from fastrapi.testclient import TestClient


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_an_upload_that_cannot_be_stored_is_no_fault_of_the_client(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FastrAPI()

    @app.post("/")
    async def upload(file: UploadFile) -> None: ...

    def write(*_: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(SpooledTemporaryFile, "write", write)
    response = TestClient(app, raise_server_exceptions=False).post("/", files={"file": b"x"})
    assert response.status_code == 500
