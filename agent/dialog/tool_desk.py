"""Has tools done, each once and to its end, whatever becomes of the turn or the call that asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from agent.domain.call import Call
from agent.domain.events import EventSink, ToolCalled
from agent.domain.tool_calls import ToolAnswer, ToolCall, ToolStatus
from agent.domain.tools import Tool
from agent.errors import PhoneAgentError

log = structlog.get_logger()


class ToolRunner(Protocol):
    """Does what a tool stands for. One that asks an application is in `agent.webhooks`."""

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Do it, once. Bounded in time. Raises PhoneAgentError where it is not known to be done."""
        ...


class NoTools:
    """A ToolRunner for where nobody can be asked."""

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """See ToolRunner."""
        del call, use_id, arguments
        raise PhoneAgentError(f"Nobody does {tool.name} here.", code="tool_unavailable")


class ToolDesk:
    """One for all calls. Belongs to one event loop."""

    def __init__(self, runner: ToolRunner, sink: EventSink) -> None:
        """`sink` is told of every use, also when its call is over by then."""
        self._runner = runner
        self._sink = sink
        self._running: set[asyncio.Task[ToolCall]] = set()

    def begin(
        self,
        call: Call,
        tool: Tool,
        use_id: str,
        arguments: Mapping[str, Any],
        *,
        clock: Callable[[], float],
        runner: ToolRunner | None = None,
    ) -> asyncio.Task[ToolCall]:
        """Have it done. The task is not for cancelling, and raises nothing. `clock`: seconds since the answer.

        `runner` does it where it is not for the one of all calls.
        """
        work = self._run(runner or self._runner, call, tool, use_id, arguments, clock)
        task = asyncio.create_task(work, name=f"tool-{tool.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def tell(self, call_id: str, done: ToolCall) -> None:
        """Let everybody know of a use."""
        self._sink(ToolCalled(call_id, datetime.now(UTC), tool_call=done))

    async def close(self, timeout_s: float) -> None:
        """Wait so long at most for what is under way, and break off the rest."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _run(
        self,
        runner: ToolRunner,
        call: Call,
        tool: Tool,
        use_id: str,
        arguments: Mapping[str, Any],
        clock: Callable[[], float],
    ) -> ToolCall:
        started_at, answer, code = clock(), ToolAnswer(), "tool_canceled"
        status = ToolStatus.FAILED
        try:
            answer = await runner.run(call, tool, use_id, arguments)
            status, code = (ToolStatus.REFUSED if answer.error else ToolStatus.SUCCEEDED), ""
        except PhoneAgentError as error:
            code = error.code
            log.warning("tool.failed", call_id=call.id, tool=tool.name, code=code, error=str(error))
        except Exception:  # nothing that a tool does may end the call
            code = PhoneAgentError.code
            log.exception("tool.failed", call_id=call.id, tool=tool.name, code=code)
        finally:
            done = ToolCall(
                use_id, tool.name, arguments, status, started_at, clock() - started_at, answer=answer, code=code
            )
            self.tell(call.id, done)
        return done
