"""A PostgreSQL server of one's own: on a Unix socket in a private folder, thrown away afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from agent.errors import SetupError

_BINARIES = Path("/usr/lib/postgresql")
_USER = "phone_agent"
_COMMON = "-c max_connections=60"
_FAST = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c shared_buffers=32MB"


@dataclass(frozen=True)
class PostgresServer:
    """A running server; its superuser needs no password on the socket."""

    socket_folder: Path
    _control: tuple[str | Path, ...] = ()
    _options: str = ""

    def url(self, database: str) -> str:
        """As in `store.url`."""
        return f"postgresql://{_USER}@/{database}?host={self.socket_folder}"

    def stop(self) -> None:
        """As a machine that goes down: connections break."""
        _run([*self._control, "-m", "immediate", "-w", "stop"])

    def start(self) -> None:
        """Come back, when accepting connections."""
        _run([*self._control, "-l", self.socket_folder / "log", "-o", self._options, "-w", "start"])

    def create_database(self, template: str = "template0") -> str:
        """A new one, empty or a copy of one of ours to which nobody is connected; its name."""
        name = f"test_{uuid4().hex[:12]}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Throw it away, whoever is still connected."""
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        _run([_binary("psql"), "-h", self.socket_folder, "-U", _USER, "-d", "postgres", "-qc", statement])


@contextmanager
def postgres_server(*, durable: bool) -> Iterator[PostgresServer]:
    """Runs inside the block. Not `durable`: a crash of the machine may ruin it, which no test minds, at less time.

    Raises SetupError where PostgreSQL is not installed or does not start.
    """
    initdb, pg_ctl = _binary("initdb"), _binary("pg_ctl")
    folder = Path(tempfile.mkdtemp(prefix="pa-postgres-"))  # short: a socket's path has 107 bytes at most
    data = folder / "data"
    try:
        as_user = _as_user(folder)
        _run([*as_user, initdb, "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
        options = f"-c listen_addresses='' -k {folder} {_COMMON} {'' if durable else _FAST}"
        server = PostgresServer(folder, (*as_user, pg_ctl, "-D", data), options)
        server.start()  # pg_ctl returns when the server accepts connections; the server is then no child of ours
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> str:
    found = sorted(_BINARIES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])) or shutil.which(name)
    if not found:
        raise SetupError("PostgreSQL is not installed here: `apt-get install --no-install-recommends postgresql`.")
    return str(found if isinstance(found, str) else found[-1])


def _as_user(folder: Path) -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _run(command: list[str | Path]) -> None:
    """Raises SetupError with what the command said."""
    # Into a file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, timeout=120, cwd="/"
        )
        if done.returncode:
            said.seek(0)
            raise SetupError(f"{' '.join(map(str, command))} failed: {said.read().strip()[-600:]}")
