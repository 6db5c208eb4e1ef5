"""A private Asterisk: started, stopped, killed and asked by us, and gone when we are gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

import psutil
import structlog

from agent.asterisk.config import AsteriskConfig
from agent.asterisk.layout import Layout
from agent.asterisk.ports import listeners, with_free_ports
from agent.asterisk.prefix import Prefix
from agent.errors import SetupError

log = structlog.get_logger()

BOOT_TIMEOUT_S = 60.0
"""It takes 0.3 s on an idle machine; a starved one is given time."""
STOP_TIMEOUT_S = 10.0
_PROGRAM = "usr/sbin/asterisk"
_PORT_TRIES = 5
_NOT_STARTED = "This Asterisk was not started yet."


class AsteriskInstance:
    """One Asterisk process with a configuration and a folder of its own.

    It runs as whoever starts it; nothing in it needs root. The kernel kills it when the thread that started it ends,
    so it does not outlive this process, however that ends (`setpriv --pdeathsig`, since Python should not run code of
    its own between fork and exec). SIGKILL and not SIGTERM: an Asterisk that hangs would not act on the latter.
    """

    def __init__(self, prefix: Path, config: AsteriskConfig, run_dir: Path) -> None:
        """Prepare; `prefix` is what `bundle("asterisk")` returns. Nothing happens before `start`."""
        self._prefix = Prefix(prefix)
        self._wanted = config
        self._config = config
        self._run_dir = run_dir
        self._layout: Layout | None = None
        self._process: Process | None = None
        self._exited: asyncio.Task[int] | None = None

    @property
    def config(self) -> AsteriskConfig:
        """What it runs with; ports that were 0 have their numbers once it is started."""
        return self._config

    @property
    def ari_url(self) -> str:
        """Base of ARI, such as http://127.0.0.1:8088."""
        return f"http://127.0.0.1:{self._config.ari_port}"

    @property
    def log_path(self) -> Path:
        """What Asterisk writes: notices, warnings and errors. It grows over restarts."""
        return self._run_dir.resolve() / "log/console.log"

    @property
    def sockets(self) -> Path:
        """The folder of its control socket: in the run folder, unless that has too long a path."""
        if self._layout is None:
            raise SetupError(_NOT_STARTED)
        return self._layout.sockets

    @property
    def pid(self) -> int:
        """Of the running process. Raises SetupError while there is none."""
        return self._running().pid

    @property
    def exited(self) -> asyncio.Future[int]:
        """Done when the present process has ended, however it did, with its return code (negative: a signal).

        Await it through `asyncio.shield`. Raises SetupError before the first start.
        """
        if self._exited is None:
            raise SetupError(_NOT_STARTED)
        return self._exited

    async def start(self) -> None:
        """Start it and return when it is fully booted and listens.

        A port that was 0 and got lost to another program is replaced, five times at most. A restart keeps the ports.
        Raises ConfigurationError where a port of the configuration is taken, SetupError where Asterisk does not start.
        """
        if self._process is not None and self._process.returncode is None:
            raise SetupError("This Asterisk is running already.")
        await self.kill()  # clears up after one that crashed
        for _ in range(_PORT_TRIES):
            self._config = with_free_ports(self._wanted)
            try:
                await self._boot()
                lost = await asyncio.to_thread(_not_listening, self.pid, self._config)
            except BaseException:
                await self.kill()
                raise
            if not lost:
                self._wanted = self._config
                log.info(
                    "asterisk.started", pid=self.pid, sip_port=self._config.sip_port, ari_port=self._config.ari_port
                )
                return
            await self.kill()
        raise SetupError(f"Asterisk could not listen on {', '.join(lost)}; see {self.log_path}.")

    async def stop(self) -> None:
        """Hang up all calls and end it; the process is gone afterwards. Does nothing where none runs."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would: no call is hung up. Does nothing where none runs."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        self._process = None
        if self._layout is not None:
            self._layout.remove_sockets()

    async def restart(self) -> None:
        """Stop and start it, on the same ports."""
        await self.stop()
        await self.start()

    async def rx(self, command: str, timeout_s: float = 10) -> str:
        """What Asterisk's console answers to a command, such as `core show channels`.

        Raises SetupError where none runs or it does not answer in time.
        """
        self._running()
        argv = self._argv("-rx", command)
        asking = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=_environment()
        )
        try:
            answer, _ = await asyncio.wait_for(asking.communicate(), timeout_s)
        except TimeoutError:
            raise SetupError(f"Asterisk did not answer {command!r} within {timeout_s:g} s.") from None
        finally:
            if asking.returncode is None:
                asking.kill()
                await asking.wait()
        if asking.returncode:
            raise SetupError(f"Asterisk did not take the command {command!r}; see {self.log_path}.")
        return answer.decode("utf-8", "replace")

    def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            raise SetupError("This Asterisk is not running.")
        return self._process

    def _argv(self, *arguments: str) -> list[str]:
        if self._layout is None:
            raise SetupError(_NOT_STARTED)
        return self._prefix.argv(_PROGRAM, "-C", str(self._layout.main_config), *arguments)

    async def _boot(self) -> None:
        """Start the process and wait for its own word (sd_notify's READY=1, sent when it is fully booted)."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise SetupError("The command setpriv is missing; install the package util-linux.")
        self._layout = layout = Layout.create(self._run_dir)
        layout.write_configuration(self._prefix, self._config)
        layout.notify_socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, layout.log.open("ab") as output:
            notify.bind(str(layout.notify_socket))
            notify.settimeout(0)
            self._process = process = await asyncio.create_subprocess_exec(
                setpriv, "--pdeathsig", "KILL", "--", *self._argv("-f"),
                stdin=DEVNULL, stdout=output, stderr=STDOUT, cwd=layout.run_dir, start_new_session=True,
                env=_environment() | {"NOTIFY_SOCKET": str(layout.notify_socket)},
            )  # fmt: skip
            self._exited = asyncio.create_task(process.wait())
            ready = asyncio.create_task(_ready(notify))
            try:
                await asyncio.wait({ready, self._exited}, timeout=BOOT_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
                booted = ready.done()
            finally:
                ready.cancel()
                await asyncio.wait({ready})
        if self._exited.done():
            raise SetupError(f"Asterisk ended while it started (status {process.returncode}); see {self.log_path}.")
        if not booted:
            raise SetupError(f"Asterisk was not ready after {BOOT_TIMEOUT_S:g} s; see {self.log_path}.")


async def _ready(notify: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while b"READY=1" not in (await loop.sock_recv(notify, 4096)).split(b"\n"):
        pass


def _environment() -> dict[str, str]:
    """No secrets of ours, and nothing such as LD_PRELOAD that the other suite's loader would stumble on."""
    kept = ("PATH", "TZ", "HOME")
    return {"LANG": "C.UTF-8"} | {name: os.environ[name] for name in kept if name in os.environ}


def _not_listening(pid: int, config: AsteriskConfig) -> list[str]:
    """Which addresses of the configuration the process does not have. Raises SetupError where it has just ended."""
    try:
        has = {(*c.laddr, c.type) for c in psutil.Process(pid).net_connections("inet4")}
    except psutil.Error as error:
        raise SetupError("Asterisk ended as soon as it had started.") from error
    return [
        f"{listener.host}:{listener.port}"
        for listener in listeners(config)
        for kind in listener.kinds
        if (listener.host, listener.port, kind) not in has
    ]
