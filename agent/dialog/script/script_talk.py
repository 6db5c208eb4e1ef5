"""A conversation by a script: the callee's words in, what is said out. Knows nothing of sound."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from agent.dialog.opt_out import wants_no_more_calls
from agent.dialog.script.moves import Moves
from agent.dialog.script.reading import Reading, read
from agent.dialog.script.talk_state import Line, LineKind, Move, TalkState
from agent.dialog.script.wording import Wording, weekdays
from agent.domain.script import CallScript, Exit
from agent.domain.script_progress import ScriptProgress
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_values import SlotValue, fault
from agent.domain.variables import Value
from agent.errors import LanguageModelError

FEWEST_WORDS = 2
"""A single word that the rules do not know is not worth a model's time."""


class Helper(Protocol):
    """What the language model does here; see HelperModel."""

    async def value(self, slot: Slot, question: str, text: str) -> SlotValue:
        """What `text` says for the slot, or None. Raises LanguageModelError."""
        ...

    async def answer(self, question: str, *, known: Sequence[str]) -> str:
        """An answer that says only what is `known`; empty where there is none. Raises LanguageModelError."""
        ...


class ScriptTalk:
    """One call. `begin`, then for each turn of the callee's `consider`, and `commit` of the move that is made."""

    def __init__(
        self, script: CallScript, variables: Mapping[str, Value], *, today: date, helper: Helper | None = None
    ) -> None:
        """`today` is the day of the call where the callee is. Without a `helper` only rules read and answer."""
        self.script = script
        self._today = today
        self.helper = helper
        """What the language model does; None: nothing."""
        self._wording = Wording(script, variables, today=today)
        self._moves = Moves(script, self._wording)
        self._state: TalkState | None = None
        self._unsaid: tuple[Line, ...] = ()

    @property
    def exit(self) -> Exit | None:
        """By which the call ends, once it does."""
        return self._state.exit if self._state is not None else None

    @property
    def begun(self) -> bool:
        """Whether the first words were said."""
        return self._state is not None

    @property
    def expected_words(self) -> tuple[str, ...]:
        """Words that the answer to the open question may hold, the likeliest first."""
        slot = self._state.open_slot(self.script) if self._state is not None else None
        match slot.type if slot is not None else None:
            case SlotType.DATE:
                return weekdays(self.script.language)  # of the months none: more was understood so (decision 177)
            case SlotType.CHOICE if slot is not None:
                return slot.choices
            case SlotType.YES_NO:
                return (*self._values_in_words(), *weekdays(self.script.language))
            case _:
                return ()

    def begin(self) -> Move:
        """The first words of the call."""
        return self._moves.begin()

    async def consider(self, text: str) -> Move:
        """What follows on these words. Nothing is changed before `commit`."""
        state = self._known_state()
        if state.exit is not None:  # they cut off what was said before the farewell
            return self._moves.leaves(state, state.exit)
        reading = read(self.script, state, text, today=self._today)
        if wants_no_more_calls(text):
            reading = replace(reading, opts_out=True)
        elif not state.asked or self._was_not_asked():
            reading = _unasked(reading, state)
        elif text and reading.is_empty:
            reading = await self._read_by_model(state, reading)
        return await self._answered(self._with_unsaid(self._moves.answer(state, reading)))

    def silence(self) -> Move:
        """The callee says nothing."""
        return self._with_unsaid(self._moves.silence(self._known_state()))

    def nobody_there(self) -> Move:
        """The callee has said nothing for too long: the call ends."""
        return self._moves.nobody_there(self._known_state())

    def nobody_takes_over(self) -> Move:
        """The callee was to be handed over, and could not be: the call ends as one that got nowhere."""
        return self._moves.nobody_takes_over(self._known_state())

    def stays(self) -> None:
        """The callee hung up before the way out was gone to its end: there is no outcome."""
        if self._state is not None:
            self._state = replace(self._state, exit=None)

    def commit(self, move: Move) -> None:
        """This is said now."""
        self._state = move.state
        self._unsaid = move.lines

    def said(self, line: Line) -> None:
        """The callee hears this line, from its beginning at least."""
        self._unsaid = tuple(other for other in self._unsaid if other is not line)

    def progress(self) -> ScriptProgress:
        """How far the call has come."""
        state = self._state
        if state is None:
            return ScriptProgress(state=self.script.first.name)
        values = {slot.name: state.values[slot.name] for slot in self.script.slots if slot.name in state.values}
        way = state.exit
        return ScriptProgress(
            state=state.place.state,
            slots=values,
            exit=way.name if way else None,
            outcome=way.outcome if way else None,
            success=way.success if way else None,
        )

    def _values_in_words(self) -> list[str]:
        """What was read back may be corrected: it is likely to be said again, or something like it."""
        state = self._known_state()
        slots = {slot.name: slot for slot in self.script.slots if slot.type in {SlotType.NAME, SlotType.CHOICE}}
        return [self._wording.value(slots[name], value) for name, value in state.known().items() if name in slots]

    def _known_state(self) -> TalkState:
        return self._state or self._moves.begin().state

    def _was_not_asked(self) -> bool:
        """The callee spoke before the question was to be heard."""
        return any(line.kind is LineKind.QUESTION for line in self._unsaid)

    def _with_unsaid(self, move: Move) -> Move:
        """What the callee cut off before it was begun is said first: a disclosure, or what a state says."""
        if move.ends is not None:
            return move
        left = tuple(line for line in self._unsaid if line.kind in {LineKind.DISCLOSURE, LineKind.SAY})
        return replace(move, lines=(*left, *(line for line in move.lines if line not in left)))

    async def _read_by_model(self, state: TalkState, reading: Reading) -> Reading:
        slot = state.open_slot(self.script)
        if self.helper is None or slot is None or len(reading.text.split()) < FEWEST_WORDS:
            return reading
        if state.confirming:
            return reading
        value: SlotValue = None
        with contextlib.suppress(LanguageModelError):  # the question is asked again then
            value = await self.helper.value(slot, state.question, reading.text)
        if value is None or fault(slot, value, today=self._today):
            return reading
        return replace(reading, values={slot.name: value})

    async def _answered(self, move: Move) -> Move:
        """With an answer to what the callee asks; a model that fails leaves it at that it is not known."""
        if not move.asks:
            return move
        text = ""
        if self.helper is not None:
            with contextlib.suppress(LanguageModelError):
                text = await self.helper.answer(move.asks, known=self._wording.known(move.state.known()))
        text = text or self._wording.small.unknown
        answer = (Line(text, LineKind.ANSWER),) if text else ()
        return replace(move, lines=(*answer, *move.lines), asks="")


def _unasked(reading: Reading, state: TalkState) -> Reading:
    """Before a question was heard, a yes or a word answers nothing; what is clear by itself still counts."""
    slot = state.asked
    if not reading.text:
        return reading
    values = {name: value for name, value in reading.values.items() if name != slot or not isinstance(value, bool)}
    return replace(reading, values=values, fault="")
