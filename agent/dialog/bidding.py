"""Does what the back end asks of a conversation, when there is room for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from agent.dialog.floor import Floor
from agent.dialog.journal import Journal
from agent.dialog.reading_ahead import ReadingAhead
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.commands import Command, HangUp, Hint, Say


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
    ) -> None:
        """`caller_quiet` is set while the caller does not speak; `held_back`: nobody but the agent has a word yet."""
        self._agent = agent
        self._floor = floor
        self._journal = journal
        self._reading = reading
        self._caller_quiet = caller_quiet
        self._held_back = held_back
        self._to_say: deque[Say] = deque()

    def obey(self, command: Command) -> None:
        """Do it now, or keep it for `go_on`."""
        match command:
            case Say():
                self._to_say.append(command)
            case Hint(text):
                self._journal.history.noted(text)
                self._reading.begin()
            case HangUp(farewell):
                self._floor.end_with(farewell or self._agent.phrases.farewell, EndedReason.API_HANGUP)

    def go_on(self) -> None:
        """Do what waits, as soon as neither side has the turn."""
        if self._to_say and self._floor.free and self._caller_quiet.is_set() and not self._held_back():
            say = self._to_say.popleft()
            self._floor.start(self._floor.begin().say_phrase(say.text, protected=not say.interruptible))
