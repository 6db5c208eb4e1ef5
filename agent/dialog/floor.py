"""Who has the floor: the turn of the agent in the making, and the caller's while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol

from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.journal import Journal
from agent.dialog.turn_taking import AgentVoice
from agent.dialog.work import Work
from agent.domain.call import EndedReason
from agent.media.playout import Playout

LAST_WORDS_S = 2.0
"""The end of a call waits so long at most for what the caller said last."""

TurnTask = asyncio.Task[EndedReason | None]


class NewWork(Protocol):
    """Makes the next turn of the agent; see Work for what `caller` and `guess` are."""

    def __call__(self, caller: CallerTurn | None, guess: str | None) -> Work:
        """Nothing is said by it yet."""
        ...


class Floor:
    """Begins, cuts and ends the agent's turns, one at a time. Belongs to one call."""

    def __init__(
        self,
        journal: Journal,
        playout: Playout,
        *,
        interruptible: bool,
        new_work: NewWork,
        done: Callable[[TurnTask], None],
    ) -> None:
        """`done` is told of every turn that has come to its end, or was cut."""
        self._journal = journal
        self._playout = playout
        self._interruptible = interruptible
        self._new_work = new_work
        self._done = done
        self._task: TurnTask | None = None
        self._cut_tasks: set[TurnTask] = set()
        self._last_text = ""
        self.work: Work | None = None
        """The agent's turn, the last one if none is under way."""
        self.caller: CallerTurn | None = None
        """The caller's turn that is not answered yet."""

    @property
    def free(self) -> bool:
        """Whether no turn of the agent is under way."""
        return self._task is None

    @property
    def closing(self) -> bool:
        """Whether the last words of the call are being said."""
        return self.work is not None and self.work.final

    @property
    def talking(self) -> bool:
        """Whether the caller hears the agent, or is about to hear more of it."""
        return self._playout.busy or (self.work is not None and self.work.talking)

    def voice(self) -> AgentVoice:
        """What turn-taking knows of the agent."""
        protected = not self._interruptible or self.closing or (self.work is not None and self.work.protected)
        return AgentVoice(self.talking, protected)

    def text(self) -> str:
        """What the agent says, or said last."""
        return (self.work.text if self.work is not None else "") or self._last_text

    def open_caller_turn(self) -> CallerTurn:
        """The caller's turn, a new one if none is open."""
        self.caller = self.caller or CallerTurn()
        return self.caller

    def begin(self, caller: CallerTurn | None = None, guess: str | None = None) -> Work:
        """The next turn of the agent, to be given to `start`."""
        self.work = self._new_work(caller, guess)
        return self.work

    def start(self, turn: Coroutine[None, None, EndedReason | None]) -> None:
        """Have it said."""
        self._task = asyncio.create_task(turn, name="turn")
        self._task.add_done_callback(self._done)

    def finish(self, task: TurnTask) -> bool:
        """A turn is done; whether it is the one under way, and was not cut before."""
        self._cut_tasks.discard(task)
        if task is not self._task:
            return False
        self._task = None
        self._close_work()
        self.close_caller_turn()
        return True

    def cut(self) -> None:
        """Stop what the agent says and does; what was heard of it enters the history."""
        self._close_work()
        if self.caller is not None and self.caller.answered:
            self.caller = None
        if self._task is not None:
            self._cut_tasks.add(self._task)
            self._task.cancel()
            self._task = None

    def end_with(self, text: str, reason: EndedReason) -> None:
        """Say the last words of the call, in place of all else; nothing where they are being said."""
        if self.closing:
            return
        self.cut()
        self.close_caller_turn()
        self.start(self.begin().say_and_end(text, reason))

    def close_caller_turn(self) -> None:
        """Record the caller's turn, unless it was when the answer to it began."""
        caller, self.caller = self.caller, None
        if caller is not None and caller.stretches and not caller.answered:
            self._journal.caller_turn(caller)

    async def hear_last_words(self, more: list[Stretch]) -> None:
        """What the caller said just before the end of the call is on record, where it is understood soon."""
        caller = self.open_caller_turn()
        caller.stretches += more
        await caller.hear_out(LAST_WORDS_S)
        self.close_caller_turn()

    async def all_cut(self) -> None:
        """Wait for the turns that were cut."""
        await asyncio.gather(*self._cut_tasks, return_exceptions=True)

    def _close_work(self) -> None:
        if self.work is not None:
            self._last_text = self.work.text or self._last_text
            self.work.close()
