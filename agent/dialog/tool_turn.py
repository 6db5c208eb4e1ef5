"""The part of an answer in which tools act: what is said before, while, and where one fails.

No tool acts before the caller's turn is surely over, nor before the words that announce it were played to their end,
unless the caller has gone: what they had asked for is done all the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Protocol

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.history import History, Message
from agent.dialog.tool_request import ToolRequest
from agent.dialog.toolbox import Order, Toolbox, WrongRequestError
from agent.domain.tool_calls import ToolCall, ToolStatus

MOST_AT_ONCE = 4
"""Requests of one answer that are looked at, one after the other."""
MOST_ROUNDS = 4
"""So often in one turn the model may ask for tools again: a model that does nothing else is stopped."""
MOST_FAULTS = 1
"""So many wrong requests are given back to the model in one turn."""
MOST_REPEATS = 1
"""So often the model is reminded of what it has asked before in the same turn; nothing is done twice for it."""
LONGEST_SAID = 300
"""Characters of a result that is said as it came, where the model finds no words for it: two or three sentences."""


class Speaker(Protocol):
    """What the turn says, and when it may."""

    async def may_speak(self) -> None:
        """Return when the turn is the agent's."""
        ...

    def caller_is_answered(self) -> None:
        """What the caller said is history from now on: it is being acted upon."""
        ...

    async def say(self, text: str, *, aside: bool = False) -> None:
        """Say a fixed sentence to its end."""
        ...

    async def comfort(self) -> None:
        """Wait as long as a caller should at most, and say that it takes a little longer."""
        ...


class ToolTurn:
    """For one turn of the agent."""

    def __init__(self, toolbox: Toolbox, history: History, turn: AgentTurn, speaker: Speaker, *, failed: str) -> None:
        """`failed`: what is said where a tool gives no answer."""
        self._toolbox = toolbox
        self._history = history
        self._turn = turn
        self._speaker = speaker
        self._failed = failed
        self._rounds = 0
        self._faults = 0
        self._repeats = 0
        self._done: dict[str, ToolCall] = {}
        self._announced: Order | None = None
        self._done_with = False
        self._agreed = ""
        self.gave_up = False
        """The model has no more to say: the caller was told that it does not work, or goes elsewhere."""
        self.acting = False
        """A tool is being asked for or at work: the agent has the turn, also while it is silent."""
        self.took_s = 0.0
        """How long all of it took so far, as long as nothing of the answer itself was heard."""

    async def act(self, requests: Sequence[ToolRequest]) -> list[Message] | None:
        """Do what the model asks for; the prompt by which it goes on, or None where the turn ends here."""
        await self._speaker.may_speak()
        self._speaker.caller_is_answered()
        self.acting, began = True, asyncio.get_running_loop().time()
        try:
            goes_on = await self._act(requests)
        finally:
            self.acting = False
            if self._turn.answer_began_at is None:
                self.took_s += asyncio.get_running_loop().time() - began
        if goes_on:
            return self._history.messages()
        self.gave_up = True
        if self._done_with:
            return None
        await self._speaker.say(self._last_words())
        return None

    async def do(self, order: Order) -> list[Message] | None:
        """The same for what the caller has agreed to."""
        self._agreed = order.key
        return await self.act([ToolRequest(order.tool.name, json.dumps(order.arguments))])

    def caller_has_gone(self) -> None:
        """Nobody hears any more words: what was being announced is begun."""
        order, self._announced = self._announced, None
        if order is not None:
            self._toolbox.start(order, said=self._turn.take_heard())

    def _last_words(self) -> str:
        """For a caller to whom the model says nothing: a sentence that the application gave, or that it failed."""
        for done in reversed(self._done.values()):
            said = done.answer.error or done.answer.result
            if isinstance(said, str) and 0 < len(said.strip()) <= LONGEST_SAID:
                return said.strip()
        return self._failed

    async def _act(self, requests: Sequence[ToolRequest]) -> bool:
        """Whether the model may go on."""
        self._rounds += 1
        goes_on = self._rounds <= MOST_ROUNDS
        for request in requests[:MOST_AT_ONCE]:
            try:
                order = self._toolbox.order(request)
            except WrongRequestError as error:
                await self._turn.finished()
                self._toolbox.refuse(request, error, said=self._turn.take_heard())
                self._faults += 1
                goes_on = goes_on and self._faults <= MOST_FAULTS
                continue
            if not goes_on:
                break
            if (known := self._done.get(order.key)) is not None:
                await self._turn.finished()
                self._toolbox.remind(order, known, said=self._turn.take_heard())
                self._repeats += 1
                goes_on = self._repeats <= MOST_REPEATS
                continue
            if order.tool.confirm and order.key != self._agreed:
                await self._speaker.say(order.tool.question(order.arguments))
                self._toolbox.asked, self._done_with = order, True
                return False
            self._announced = order
            if order.tool.say and not self._turn.text:
                await self._speaker.say(order.tool.say, aside=True)
            await self._turn.finished()
            self._announced = None
            filler = asyncio.create_task(self._speaker.comfort(), name="tool-filler")
            try:
                done = await self._toolbox.use(order, said=self._turn.take_heard())
            finally:
                filler.cancel()
            goes_on = done.status is not ToolStatus.FAILED
            if goes_on:
                self._done[order.key] = done
            if order.ends_turn and done.status is ToolStatus.SUCCEEDED:
                self._done_with = True
                return False
        return goes_on
