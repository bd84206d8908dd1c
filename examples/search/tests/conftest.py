import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from search.settings import CorpusSettings, Settings
from search.stores import Store, open_store


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server of our own, on a free port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is missing; install it: apt-get install -y redis-server")
    directory = tmp_path_factory.mktemp("redis")
    ready = directory / "socket"
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(ready)]
        options += ["--dir", str(directory), "--save", ""]
        with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
            try:
                if _listens(process, ready):
                    yield f"redis://127.0.0.1:{port}"
                    return
            finally:
                process.terminate()
    pytest.fail(f"redis-server does not start (exit status {process.returncode})")


def _listens(process: subprocess.Popen[bytes], ready: Path) -> bool:
    """Waits until the server listens, or ends because somebody else has taken its port meanwhile."""
    deadline = time.monotonic() + 60
    # It makes its socket in the file system once it has the port.
    while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return ready.exists()


@pytest.fixture(params=["sqlite", "redis"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty service; whatever uses them runs once on each store."""
    url = None
    if request.param == "redis":
        url = request.getfixturevalue("redis_server")
        subprocess.run(["redis-cli", "-u", url, "FLUSHALL"], check=True, stdout=subprocess.DEVNULL)
    nothing = CorpusSettings(stdlib=False, packages=False)
    return Settings.model_validate({"data_directory": tmp_path, "redis_url": url, "corpus": nothing})


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    opened = await open_store(settings)
    yield opened
    await opened.close()
