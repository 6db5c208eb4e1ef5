"""A Redis of the tests' own: on loopback, a free port, a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.integration.bus import detached


@dataclass
class RedisServer:
    folder: Path
    port: int = field(default_factory=detached.free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def url(self) -> str:
        """As in `bus.url`."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        """One that waits for an answer for as long as it asked the server to: redis-py gives up after 5 s by itself."""
        return Redis.from_url(self.url, decode_responses=True, protocol=2, socket_timeout=None)

    def start(self) -> None:
        """Return when it answers. What an earlier one had on disk is there again."""
        options = {
            "bind": "127.0.0.1", "port": str(self.port), "requirepass": self.password, "dir": str(self.folder),
            "appendonly": "yes", "appendfsync": "always", "save": "", "daemonize": "no",
        }  # fmt: skip
        command = [detached.needed("redis-server", "redis-server")]
        for name, value in options.items():
            command += [f"--{name}", value]
        detached.start(command, pid_file=self._pid_file, log=self._log, environment=os.environ)
        detached.until(lambda: detached.answers(self.port, b"PING\r\n"), self._log)

    def kill(self) -> None:
        """As when the power fails."""
        detached.kill(self._pid_file, log=self._log)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"

    @property
    def _log(self) -> Path:
        return self.folder / "log"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="pa-redis-"))
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
