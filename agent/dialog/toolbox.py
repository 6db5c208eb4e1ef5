"""The tools of one call: checks what the model asks for, has it done, and lets the history know."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from agent.dialog.call_tools import CallDeeds, CallToolRunner
from agent.dialog.history import ToolUse
from agent.dialog.journal import Journal
from agent.dialog.tool_desk import ToolDesk
from agent.dialog.tool_request import ToolRequest
from agent.domain.call import Call
from agent.domain.call_control import CallTool
from agent.domain.json_schema import fault_of
from agent.domain.tool_calls import ToolAnswer, ToolCall, ToolStatus
from agent.domain.tools import Tool
from agent.ids import new_id

LONGEST_RESULT = 1500
"""Characters that the model reads of an answer, about 500 tokens: a quarter of the usual context."""
UNDER_WAY = json.dumps({"status": "under way"})
"""What the model reads of a use that it does not know the answer to yet."""


class WrongRequestError(Exception):
    """A tool or arguments that there are not; says what is wrong, for the model."""


@dataclass(frozen=True, slots=True)
class Order:
    """A request that fits its tool."""

    tool: Tool
    arguments: dict[str, Any]

    @property
    def key(self) -> str:
        """The same for requests of the same thing; of anything at all for a tool that acts once in a call."""
        return self.tool.name if self.tool.once else json.dumps([self.tool.name, self.arguments], sort_keys=True)

    @property
    def is_deed(self) -> bool:
        """Whether it is about the call itself, and no application is asked."""
        return self.tool.name in set(CallTool)

    @property
    def ends_turn(self) -> bool:
        """Whether the model has nothing more to say once it is done: the caller goes elsewhere, or the call ends."""
        return self.tool.name in set(CallTool) - {CallTool.PRESS_KEYS}


class Toolbox:
    """Belongs to one call."""

    def __init__(
        self, tools: tuple[Tool, ...], call: Call, desk: ToolDesk, journal: Journal, *, deeds: CallDeeds | None = None
    ) -> None:
        """`deeds` does what `agent.dialog.call_tools` has tools for."""
        self._tools = {tool.name: tool for tool in tools}
        self._deeds = deeds
        self._call = call
        self._desk = desk
        self._journal = journal
        self._under_way: dict[str, asyncio.Task[ToolCall]] = {}
        self._done_once: dict[str, ToolCall] = {}
        self.asked: Order | None = None
        """What the caller was asked about last, and has not answered."""

    def order(self, request: ToolRequest) -> Order:
        """The request, checked. Raises WrongRequestError."""
        tool = self._tools.get(request.name)
        if tool is None:
            raise WrongRequestError(f"there is no tool of that name; there are: {', '.join(self._tools)}")
        try:
            arguments = request.parsed()
        except ValueError as error:
            raise WrongRequestError(str(error)) from None
        fault = fault_of(arguments, tool.parameters)
        if fault:
            raise WrongRequestError(fault)
        return Order(tool, arguments)

    def refuse(self, request: ToolRequest, why: WrongRequestError, *, said: str) -> None:
        """Tell the model, and the record, that it asked wrongly."""
        try:
            arguments = request.parsed()
        except ValueError:
            arguments = {}
        use = ToolUse(new_id("tool"), request.name, arguments)
        answer = ToolAnswer(error=str(why))
        self._journal.history.tool_used(use, _for_model(answer), said=said)
        now = self._journal.clock()
        done = ToolCall(use.id, use.name, arguments, ToolStatus.INVALID, now, answer=answer, code="tool_bad_arguments")
        self._desk.tell(self._call.id, done)

    async def use(self, order: Order, *, said: str) -> ToolCall:
        """Have it done and wait for it. Cancelling ends the wait alone: the answer enters the history when it comes.

        What was done once, or is under way, is not done again. `said`: what the caller heard of the turn before.
        """
        known = self._done_once.get(order.key)
        if known is not None:
            self.remind(order, known, said=said)
            return known
        return await asyncio.shield(self.start(order, said=said))

    def remind(self, order: Order, known: ToolCall, *, said: str) -> None:
        """Tell the model again what came of a use."""
        use = ToolUse(new_id("tool"), known.name, order.arguments)
        self._journal.history.tool_used(use, _told(known), said=said)

    def start(self, order: Order, *, said: str) -> asyncio.Task[ToolCall]:
        """Have it done, without waiting; what is under way is not begun again."""
        task = self._under_way.get(order.key)
        if task is None:
            use = ToolUse(new_id("tool"), order.tool.name, order.arguments)
            self._journal.history.tool_used(use, UNDER_WAY, said=said)
            own = self._deeds if order.is_deed else None
            runner = CallToolRunner(own, said=said) if own is not None else None
            clock = self._journal.clock
            task = self._desk.begin(self._call, order.tool, use.id, order.arguments, clock=clock, runner=runner)
            self._under_way[order.key] = task
            task.add_done_callback(lambda ended: self._ended(order, ended))
        return task

    def _ended(self, order: Order, task: asyncio.Task[ToolCall]) -> None:
        del self._under_way[order.key]
        if task.cancelled() or task.exception() is not None:
            return
        done = task.result()
        self._journal.history.tool_answered(done.id, _told(done))
        if order.tool.once and done.status is ToolStatus.SUCCEEDED:
            self._done_once[order.key] = done


def _told(done: ToolCall) -> str:
    if done.status is ToolStatus.FAILED:
        return json.dumps({"error": "it gave no answer; whether it was done is not known"})
    return _for_model(done.answer)


def _for_model(answer: ToolAnswer) -> str:
    """As data: JSON, of bounded length."""
    told = {"error": answer.error} if answer.error else {"result": answer.result}
    text = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_RESULT else f"{text[:LONGEST_RESULT]} … (the rest is cut)"
