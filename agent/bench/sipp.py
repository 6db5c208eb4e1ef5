"""Many callers at once: SIPp, started for one run and gone after it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from asyncio.subprocess import DEVNULL, STDOUT, Process
from dataclasses import dataclass, replace
from pathlib import Path

from agent.asterisk.prefix import Prefix
from agent.errors import SetupError
from agent.testing.softphone.rtp import to_ulaw
from agent.testing.tone import tone

SCENARIO = Path(__file__).with_name("caller.xml")
PROGRAM = "usr/bin/sipp"
_RTP_PORTS = (20000, 29999)  # apart from Asterisk's own range
_SLACK_S = 30.0
"""Beyond the planned end: SIPp's own timeouts of an answer (15 s) and of a BYE (10 s) lie within."""
_WORDS = 600


@dataclass(frozen=True, slots=True)
class CallPlan:
    """How many call, how fast they come, and how long each stays."""

    calls: int
    rate: float
    """New calls per second."""
    hold_s: float
    """From the answer to the caller's BYE."""

    @property
    def ramp_s(self) -> float:
        """From the first call to the last."""
        return (self.calls - 1) / self.rate

    @property
    def limit_s(self) -> float:
        """When all must be over, whatever happens."""
        return self.ramp_s + self.hold_s + _SLACK_S


@dataclass(frozen=True, slots=True)
class Outcome:
    """What SIPp says of its calls."""

    successful: int
    failed: int
    words: str = ""
    """Its own last words where something failed."""


class SippCallers:
    """One run of SIPp against one SIP server on loopback."""

    def __init__(self, prefix: Path, run_dir: Path) -> None:
        """`prefix` is what `bundle("sipp")` returns; `run_dir` takes its files."""
        self._prefix = Prefix(prefix)
        self._dir = run_dir
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Of the running process. Raises SetupError before the start."""
        if self._process is None:
            raise SetupError("SIPp was not started yet.")
        return self._process.pid

    async def start(self, sip_port: int, number: str, plan: CallPlan) -> None:
        """Begin to call `number` at 127.0.0.1:`sip_port`. The kernel ends SIPp if we die."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise SetupError("The command setpriv is missing; install the package util-linux.")
        self._dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(SCENARIO, self._dir)  # SIPp looks for the sound beside the scenario
        (self._dir / "tone.ul").write_bytes(to_ulaw(tone(400, 1.0)))
        arguments = {
            "-sf": SCENARIO.name, "-s": number, "-i": "127.0.0.1", "-mi": "127.0.0.1", "-p": str(free_udp_port()),
            "-m": str(plan.calls), "-l": str(plan.calls), "-r": f"{plan.rate:g}", "-d": str(round(plan.hold_s * 1000)),
            "-min_rtp_port": str(_RTP_PORTS[0]), "-max_rtp_port": str(_RTP_PORTS[1]),
            "-fd": "1", "-stf": "statistics.csv", "-error_file": "errors.log",
        }  # fmt: skip
        flat = [word for pair in arguments.items() for word in pair]
        program = self._prefix.argv(PROGRAM, f"127.0.0.1:{sip_port}", "-nostdin", "-trace_stat", "-trace_err", *flat)
        with (self._dir / "screen.log").open("wb") as screen:
            self._process = await asyncio.create_subprocess_exec(
                setpriv, "--pdeathsig", "KILL", "--", *program,
                stdin=DEVNULL, stdout=screen, stderr=STDOUT, cwd=self._dir,
            )  # fmt: skip

    async def finish(self, timeout_s: float) -> Outcome:
        """Wait for the last call's end; SIPp is gone afterwards, by force after `timeout_s`."""
        process = self._process
        if process is None:
            raise SetupError("SIPp was not started yet.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), timeout_s)
        await self.stop()
        outcome = parse_statistics(self._read("statistics.csv"))
        if outcome is None:
            raise SetupError(f"SIPp did not run: {self._read('screen.log').strip()[-_WORDS:]}")
        return replace(outcome, words=self._read("errors.log").strip()[:_WORDS])

    async def stop(self) -> None:
        """End it now, without a BYE. Does nothing where it does not run."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _read(self, name: str) -> str:
        path = self._dir / name
        return path.read_text("utf-8", "replace") if path.exists() else ""


def parse_statistics(text: str) -> Outcome | None:
    """The cumulated counts in the last row of SIPp's statistics file; None where it has no row."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    row = dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False))
    try:
        return Outcome(int(row["SuccessfulCall(C)"]), int(row["FailedCall(C)"]))
    except (KeyError, ValueError):
        return None


def free_udp_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port
