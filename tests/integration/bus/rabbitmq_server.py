"""A RabbitMQ of the tests' own: on loopback, free ports, a folder and an epmd of its own, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.bus import detached

_PROTOCOL = b"AMQP\x00\x00\x09\x01"


@dataclass
class RabbitServer:
    folder: Path
    port: int = field(default_factory=detached.free_port)
    epmd_port: int = field(default_factory=detached.free_port)
    distribution_port: int = field(default_factory=detached.free_port)
    name: str = field(default_factory=lambda: f"pa{secrets.token_hex(4)}@localhost")
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def url(self, user: str = "rails", password: str = "", vhost: str = "") -> str:
        """As in `bus.url`."""
        return f"amqp://{user}:{password or self.password}@127.0.0.1:{self.port}/{vhost}"

    def start(self) -> None:
        """Return when it takes connections. What an earlier one had on disk is there again."""
        (self.folder / "plugins").write_text("[].\n", "utf-8")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self.port}\ndefault_user = rails\ndefault_pass = {self.password}\n"
            "log.console = true\nlog.file = false\nnum_acceptors.tcp = 2\ndisk_free_limit.absolute = 1MB\n",
            "utf-8",
        )
        if not self._epmd_pid_file.exists():
            command = [
                detached.needed("epmd", "rabbitmq-server"),
                "-address",
                "127.0.0.1",
                "-port",
                str(self.epmd_port),
            ]
            detached.start(command, pid_file=self._epmd_pid_file, log=self._log, environment=self._environment)
        server = detached.needed("rabbitmq-server", "rabbitmq-server")
        detached.start(["sh", server], pid_file=self._pid_file, log=self._log, environment=self._environment)
        detached.until(lambda: detached.answers(self.port, _PROTOCOL), self._log)

    def kill(self) -> None:
        """As when the power fails."""
        detached.kill(self._pid_file, log=self._log)

    def close(self) -> None:
        self.kill()
        detached.kill(self._epmd_pid_file, log=self._log)

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints."""
        done = subprocess.run(
            [detached.needed("rabbitmqctl", "rabbitmq-server"), "-q", "-n", self.name, *arguments],
            env=self._environment, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"rabbitmqctl {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        return own | {
            "HOME": str(self.folder),  # of the cookie
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{loopback} +S 1:1 +sbwt none",
            "RABBITMQ_CTL_ERL_ARGS": loopback,
        }

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"

    @property
    def _epmd_pid_file(self) -> Path:
        return self.folder / "epmd.pid"

    @property
    def _log(self) -> Path:
        return self.folder / "log"


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    folder = Path(tempfile.mkdtemp(prefix="pa-rabbitmq-"))
    server = RabbitServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
