"""Does what the back end asks of a conversation, when there is room for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine

from agent.dialog.floor import Floor
from agent.dialog.handing_over import HandingOver
from agent.dialog.journal import Journal
from agent.dialog.reading_ahead import ReadingAhead
from agent.dialog.work import Work
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.commands import Command, EndCall, HandOver, HangUp, Hint, PutOnHold, Say


class Bidding:
    """Belongs to one call."""

    def __init__(
        self,
        agent: Agent,
        floor: Floor,
        journal: Journal,
        reading: ReadingAhead,
        *,
        caller_quiet: asyncio.Event,
        held_back: Callable[[], bool],
        elsewhere: HandingOver | None = None,
    ) -> None:
        """`caller_quiet` is set while the caller does not speak; `held_back`: nobody but the agent has a word yet.

        `elsewhere` takes the caller to music and to others.
        """
        self._agent = agent
        self._floor = floor
        self._journal = journal
        self._reading = reading
        self._caller_quiet = caller_quiet
        self._held_back = held_back
        self._elsewhere = elsewhere
        self._waiting: deque[Say | HandOver | PutOnHold] = deque()

    def obey(self, command: Command) -> None:
        """Do it now, or keep it for `go_on`."""
        match command:
            case Say() | HandOver():
                self._waiting.append(command)
            case PutOnHold(announced_by):
                if not announced_by and not self._floor.voice().protected:
                    self._floor.cut()
                self._waiting.append(command)
            case EndCall(farewell):
                self._floor.end_with(farewell, EndedReason.AGENT_HANGUP)
            case Hint(text):
                self._journal.history.noted(text)
                self._reading.begin()
            case HangUp(farewell):
                self._floor.end_with(farewell or self._agent.phrases.farewell, EndedReason.API_HANGUP)

    def go_on(self) -> None:
        """Do what waits, as soon as neither side has the turn."""
        if self._waiting and self._floor.free and self._caller_quiet.is_set() and not self._held_back():
            command = self._waiting.popleft()
            turn = self._turn(self._floor.begin(), command)
            if turn is not None:
                self._floor.start(turn)

    def _turn(
        self, work: Work, command: Say | HandOver | PutOnHold
    ) -> Coroutine[None, None, EndedReason | None] | None:
        match command:
            case Say(text, interruptible):
                return work.say_phrase(text, protected=not interruptible)
            case HandOver() if self._elsewhere is not None:
                return self._elsewhere.transfer(work, command)
            case PutOnHold() if self._elsewhere is not None:
                return self._elsewhere.hold(work, command)
            case _:
                return None
