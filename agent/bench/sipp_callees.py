"""Many callees at once: SIPp at the other end of a line, doing what the number's last digit says (`callees.xml`)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from types import TracebackType

from agent.asterisk.prefix import Prefix
from agent.bench.sipp import PROGRAM, free_udp_port
from agent.errors import SetupError
from agent.testing.softphone.rtp import to_ulaw
from agent.testing.tone import tone

SCENARIO = Path(__file__).with_name("callees.xml")
_RTP_PORTS = (20000, 29999)  # apart from Asterisk's own range
_INVITE = re.compile(r"invite .*?(\d{10}\.\d{3,6})\s+(\+?\d+)\s*$")
_WORDS = 600


class Kind(IntEnum):
    """What a callee does: the last digit of their number."""

    ANSWERS = 1
    BUSY = 2
    DECLINES = 3
    UNKNOWN = 4
    RINGS = 5


class SippCallees:
    """An asynchronous context manager."""

    def __init__(self, prefix: Path, run_dir: Path, *, hold_s: float) -> None:
        """`prefix` is what `bundle("sipp")` returns; `hold_s`: how long who answers stays."""
        self._prefix = Prefix(prefix)
        self._dir = run_dir
        self._hold_s = hold_s
        self._process: Process | None = None
        self.port = 0
        """Of SIP, on 127.0.0.1."""

    async def __aenter__(self) -> SippCallees:
        """Listen. The kernel ends SIPp if we die. Raises SetupError."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise SetupError("The command setpriv is missing; install the package util-linux.")
        self._dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(SCENARIO, self._dir)  # SIPp looks for the sound beside the scenario
        (self._dir / "tone.ul").write_bytes(to_ulaw(tone(400, 1.0)))
        self.port = free_udp_port()
        arguments = {
            "-sf": SCENARIO.name, "-i": "127.0.0.1", "-mi": "127.0.0.1", "-p": str(self.port),
            "-d": str(round(self._hold_s * 1000)),
            "-min_rtp_port": str(_RTP_PORTS[0]), "-max_rtp_port": str(_RTP_PORTS[1]),
            "-log_file": "invites.log", "-error_file": "errors.log",
        }  # fmt: skip
        flat = [word for pair in arguments.items() for word in pair]
        program = self._prefix.argv(PROGRAM, "-nostdin", "-trace_logs", "-trace_err", *flat)
        with (self._dir / "screen.log").open("wb") as screen:
            self._process = await asyncio.create_subprocess_exec(
                setpriv, "--pdeathsig", "KILL", "--", *program,
                stdin=DEVNULL, stdout=screen, stderr=STDOUT, cwd=self._dir,
            )  # fmt: skip
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End it now, without a BYE."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def check(self) -> None:
        """Raises SetupError where it has ended by itself."""
        if self._process is None or self._process.returncode is not None:
            raise SetupError(f"SIPp did not run: {self._read('screen.log').strip()[-_WORDS:]}")

    def invites(self) -> Mapping[str, list[float]]:
        """Number → the moments at which an INVITE for it came, in seconds since 1970."""
        return parse_invites(self._read("invites.log"))

    def words(self) -> str:
        """What SIPp complains of."""
        return self._read("errors.log").strip()[:_WORDS]

    def _read(self, name: str) -> str:
        path = self._dir / name
        return path.read_text("utf-8", "replace") if path.exists() else ""


def parse_invites(log: str) -> dict[str, list[float]]:
    """See `SippCallees.invites`."""
    found: dict[str, list[float]] = {}
    for line in log.splitlines():
        if match := _INVITE.search(line):
            found.setdefault(match[2], []).append(float(match[1]))
    return found
