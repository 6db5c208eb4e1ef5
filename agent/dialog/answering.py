"""Answers the caller's turns: begun on a guess, committed, begun anew, or put off until the agent has finished."""

from __future__ import annotations

import asyncio

from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.drafting import Drafting
from agent.dialog.floor import Floor
from agent.dialog.happenings import Understood
from agent.dialog.judge import Judge
from agent.dialog.listener import Utterance
from agent.dialog.speculation import Speculation


class Answering:
    """Belongs to one call."""

    def __init__(
        self,
        floor: Floor,
        *,
        drafting: Drafting,
        judge: Judge,
        speculation: Speculation,
        caller_quiet: asyncio.Event,
    ) -> None:
        """`caller_quiet` is set while the caller does not speak."""
        self._floor = floor
        self._drafting = drafting
        self._judge = judge
        self._speculation = speculation
        self._caller_quiet = caller_quiet
        self._guess: Understood | None = None
        self._waiting: list[Stretch] = []

    def understood(self, understood: Understood) -> None:
        """These words may be all of the caller's turn."""
        self._guess = understood
        self.speculate()

    def speculate(self) -> None:
        """Begin the answer to what was understood, in case that it is all."""
        floor, guess, caller = self._floor, self._guess, self._floor.caller
        if guess is None or not guess.text or guess.draft.goes_on or floor.closing:
            return
        if floor.talking or self._waiting:
            return
        if caller is not None and not caller.understood:
            return
        floor.cut()  # an answer to less than what is known now
        if not self._speculation.may_begin():
            return
        floor.caller = caller = caller or CallerTurn()
        words = " ".join(filter(None, (caller.text, guess.text)))
        floor.start(floor.begin(caller, words).respond(caller))

    def caller_goes_on(self) -> None:
        """What was prepared for the end of their turn is void."""
        self._guess = None
        self._drafting.forget()
        work = self._floor.work
        if work is not None and work.speculative:
            self._floor.cut()

    def take(self, utterance: Utterance) -> None:
        """The caller's turn, or one more stretch of it, is over."""
        guess, self._guess = self._guess, None
        stretch = Stretch(utterance, self._drafting.claim(utterance))
        if self._floor.closing:
            return
        if self._floor.talking:
            self._waiting.append(stretch)  # answered when the agent has finished
            return
        self._answer(stretch, guess)

    def take_entry(self, entry: Stretch) -> None:
        """What the caller keyed is a turn, or joins the one that is open."""
        floor = self._floor
        if floor.voice().protected:
            self._waiting.append(entry)
            return
        if floor.work is not None and floor.work.talking:
            floor.cut()
        if self._caller_quiet.is_set():
            self._answer(entry)
        else:
            self.caller_goes_on()
            floor.open_caller_turn().stretches.append(entry)

    def take_what_waits(self) -> None:
        """The agent has finished: answer what the caller said meanwhile."""
        if self._waiting:
            *before, last = self.withdraw()
            self._floor.caller = CallerTurn(stretches=before)
            self._answer(last)

    def withdraw(self) -> list[Stretch]:
        """What waits for an answer, and is not answered here any more."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def _answer(self, stretch: Stretch, guess: Understood | None = None) -> None:
        floor = self._floor
        caller = floor.open_caller_turn()
        if caller.stretches:
            paused_s = stretch.utterance.started_s - caller.ended_s
            self._judge.was_cut_off(max(0, round(paused_s * 1000)))
        caller.stretches.append(stretch)
        if guess is not None and guess.draft.ended_s == stretch.utterance.ended_s and not guess.draft.goes_on:
            caller.texts[len(caller.stretches) - 1] = guess.text
            if floor.work is not None and floor.work.speculative:
                floor.work.commit()
                return
        floor.cut()
        work = floor.begin(caller)
        work.commit()
        floor.start(work.respond(caller))
