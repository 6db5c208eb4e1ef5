"""Rehearsals of scripts by real calls, each in a process of its own that goes behind all live calls; kept as files.

A folder for each: the script, what was asked for, the report and the recordings, which are of synthetic voices alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import structlog

from agent.domain.agent import Agent
from agent.domain.script import CallScript
from agent.domain.script_rehearsal import Caller, RehearsalReport, RehearsalStatus
from agent.errors import PhoneAgentError
from agent.ids import new_id

log = structlog.get_logger()
KEPT = 20
"""Rehearsals; the oldest go first."""
NEEDED_BYTES = 4 << 30
"""Memory that must be free: a rehearsal has models of its own."""
LONGEST_S = 1800.0
STOP_S = 20.0
NICE = "10"
LANGUAGE = "en"
"""Of the voice that callees have."""
MOST_TOLD = 300
"""Characters of what a process said last."""
_ID = re.compile(r"rhs_[0-9A-HJKMNP-TV-Z]{26}")
_ORDER, _SCRIPT, _AGENT, _REPORT, _FAILED = "order.json", "script.json", "agent.json", "report.json", "failed.json"
_LOG = "rehearsal.log"


class RehearsalError(PhoneAgentError):
    """No rehearsal by call can be begun."""

    code = "rehearsal_no_capacity"


@dataclass(frozen=True, slots=True)
class KeptRehearsal:
    """One of them."""

    id: str
    script_id: str
    version: int
    status: RehearsalStatus
    report: RehearsalReport | None = None
    error: str | None = None
    """Why it failed, in a sentence."""


class CallRehearsals:
    """Belongs to one event loop, and one server."""

    def __init__(
        self,
        folder: Path,
        *,
        live_calls: Callable[[], int],
        free_bytes: Callable[[], int] = lambda: int(psutil.virtual_memory().available),
        command: Sequence[str] = (sys.executable, "-m", "agent"),
    ) -> None:
        """`folder` is made when it is needed. `live_calls` counts the calls that go first."""
        self._folder = folder
        self._live_calls = live_calls
        self._free_bytes = free_bytes
        self._command = command
        self._id: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(
        self, script_id: str, version: int, script: CallScript, agent: Agent | None, callers: Collection[Caller]
    ) -> KeptRehearsal:
        """Begin one; it goes on by itself. Raises RehearsalError where there is no room for it, or it cannot be led."""
        self._must_be_possible(script)
        self._id = rehearsal_id = new_id("rhs")
        files = {_ORDER: json.dumps({"script_id": script_id, "version": version}), _SCRIPT: script.model_dump_json()}
        if agent is not None:
            files[_AGENT] = agent.model_dump_json()
        try:
            await asyncio.to_thread(self._write, rehearsal_id, files)
        except OSError as error:
            self._id = None
            raise RehearsalError(f"There is no place for a rehearsal: {error.strerror}.") from None
        self._task = asyncio.create_task(self._lead(rehearsal_id, sorted(callers)), name=rehearsal_id)
        return KeptRehearsal(rehearsal_id, script_id, version, RehearsalStatus.RUNNING)

    async def get(self, rehearsal_id: str) -> KeptRehearsal | None:
        """How far it is; None: there is none of that id on this server."""
        return await asyncio.to_thread(self._read, rehearsal_id)

    async def recording(self, rehearsal_id: str, name: str) -> Path | None:
        """The file of that name, where the rehearsal has one."""
        kept = await self.get(rehearsal_id)
        known = {one.recording for one in kept.report.conversations} if kept is not None and kept.report else set()
        return self._folder / rehearsal_id / name if name in known else None

    async def over(self) -> None:
        """Return when none is under way."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """End the one that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _must_be_possible(self, script: CallScript) -> None:
        if script.language != LANGUAGE:
            raise RehearsalError("Callees at the telephone speak English alone.", code="rehearsal_language")
        if self._id is not None:
            raise RehearsalError("Another rehearsal by call is under way.", code="rehearsal_under_way")
        if calls := self._live_calls():
            raise RehearsalError(f"Live calls go first; there are {calls}.")
        if self._free_bytes() < NEEDED_BYTES:
            raise RehearsalError(f"A rehearsal by call needs {NEEDED_BYTES >> 30} GB of free memory.")

    async def _lead(self, rehearsal_id: str, callers: Sequence[Caller]) -> None:
        folder = self._folder / rehearsal_id
        failure = "The server was stopped."
        try:
            status = await self._run(folder, callers)
            failure = "" if (folder / _REPORT).exists() else _last_words(folder / _LOG)
            log.info("script.rehearsed", rehearsal_id=rehearsal_id, status=status)
        except TimeoutError:
            failure = f"It was not over after {LONGEST_S / 60:g} minutes."
        except OSError as error:
            failure = f"It could not be started: {error.strerror}."
        finally:
            if failure:
                with contextlib.suppress(OSError):
                    (folder / _FAILED).write_text(json.dumps({"error": failure}), encoding="utf-8")
            self._id = None

    async def _run(self, folder: Path, callers: Sequence[Caller]) -> int:
        """The exit status of the process. Raises TimeoutError, OSError; the process is gone in any case."""
        agent = ["--agent", str(folder / _AGENT)] if (folder / _AGENT).exists() else []
        with (folder / _LOG).open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "TERM", "--", "nice", "-n", NICE, *self._command, "scripts", "rehearse",
                str(folder / _SCRIPT), "--by", "call", "--callers", ",".join(callers), *agent,
                "--keep", str(folder), "--json", str(folder / _REPORT),
                stdin=DEVNULL, stdout=output, stderr=output, process_group=0,
            )  # fmt: skip
        try:
            async with asyncio.timeout(LONGEST_S):
                return await process.wait()
        finally:
            await _end(process)

    def _write(self, rehearsal_id: str, files: Mapping[str, str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(self._folder.glob("rhs_*"))[: -KEPT + 1]:
            shutil.rmtree(old, ignore_errors=True)
        folder = self._folder / rehearsal_id
        folder.mkdir(mode=0o700)
        for name, text in files.items():
            with (folder / name).open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def _read(self, rehearsal_id: str) -> KeptRehearsal | None:
        folder = self._folder / rehearsal_id
        if not _ID.fullmatch(rehearsal_id) or not (folder / _ORDER).exists():
            return None
        order = json.loads((folder / _ORDER).read_text("utf-8"))
        kept = KeptRehearsal(rehearsal_id, order["script_id"], order["version"], RehearsalStatus.RUNNING)
        if rehearsal_id == self._id:
            return kept
        if (folder / _REPORT).exists() and not (folder / _FAILED).exists():
            report = RehearsalReport.model_validate_json((folder / _REPORT).read_text("utf-8"))
            return replace(kept, status=RehearsalStatus.COMPLETED, report=report)
        why = "The server was stopped."
        if (folder / _FAILED).exists():
            why = json.loads((folder / _FAILED).read_text("utf-8"))["error"]
        return replace(kept, status=RehearsalStatus.FAILED, error=why)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _last_words(file: Path) -> str:
    lines = file.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:MOST_TOLD] if lines else "It ended without a word."
