"""What comes next in a conversation by a script: the reading of a turn in, the lines to say out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.dialog.script.manner import Manner
from agent.dialog.script.reading import Reading
from agent.dialog.script.talk_state import Line, LineKind, Move, TalkState
from agent.dialog.script.wording import Wording
from agent.dialog.yes_no import YesNo
from agent.domain.script import CallScript, Exit
from agent.domain.script_slot import Slot
from agent.domain.script_state import State
from agent.domain.script_values import SlotValue
from agent.domain.script_walk import GAVE_UP, Leave, advance, begin, give_up, opt_out

MOST_ASIDES = 6
"""So many turns in a row may bring nothing new; the question has then been asked in vain once more."""
MOST_TURNS = 80
"""A conversation that is longer than that leads nowhere."""


class Moves:
    """Of one script in one call."""

    def __init__(self, script: CallScript, wording: Wording) -> None:
        self._script = script
        self._wording = wording

    def begin(self) -> Move:
        """The first words of the call, up to the first question."""
        script = self._script
        state = TalkState(begin(script))
        lines = [Line(self._wording.text(script.opening, {}))]
        lines += [Line(self._wording.text(one, {}), LineKind.DISCLOSURE) for one in script.disclosures]
        return self._walk(state, lines)

    def answer(self, state: TalkState, reading: Reading) -> Move:
        """What follows on a turn of the callee's."""
        state = replace(state, turns=state.turns + 1)
        if reading.opts_out:
            return self._leave(state, opt_out(self._script), ())
        if reading.leaves_by is not None:
            return self._leave(state, reading.leaves_by, ())
        if state.turns > MOST_TURNS:
            return self._leave(state, give_up(self._script), ())
        return self._settle(state, reading)

    def silence(self, state: TalkState) -> Move:
        """The callee says nothing: they are asked whether they are there, and the question once more."""
        return Move(
            state, (Line(self._wording.text(self._script.fallbacks.silence, state.known())), *self._asked(state))
        )

    def leaves(self, state: TalkState, way: Exit) -> Move:
        """By this exit, whatever the callee says."""
        return self._leave(state, way, ())

    def nobody_takes_over(self, state: TalkState) -> Move:
        """The callee was to be handed over, and nobody takes the call: it ends, with no second hand-over."""
        way = give_up(self._script)
        return self._leave(
            state, GAVE_UP if way.hand_over_to else way, (Line(self._wording.small.nobody_free, LineKind.FAREWELL),)
        )

    def nobody_there(self, state: TalkState) -> Move:
        """The callee has said nothing for too long."""
        return self._leave(state, give_up(self._script), (), farewell=False)

    def _settle(self, state: TalkState, reading: Reading) -> Move:
        """Take what was said for the open slot, or find that it was nothing."""
        slot = state.open_slot(self._script)
        if slot is None:
            return self._walk(self._with_others(state, reading, {}), ())
        before: list[Line] = []
        value = reading.values.get(slot.name)
        if value is False and any(name in state.values for name in reading.values if name != slot.name):
            value = None  # "no, Tuesday" is no answer to whether Monday is right
        repeats = reading.corrects and slot.name in reading.values and self._corrects_last(state, slot)
        if repeats and value is not None:
            return self._correct_last(state, reading, value)
        if reading.repeats and (value is False or reading.agreed is YesNo.NO):
            return self._walk(self._to_be_spelled(state, reading.repeats), ())
        others = self._with_others(state, reading, {slot.name: None})
        changed = others is not state
        state = others
        if changed and self._was_corrected(reading, state) and self._wording.small.corrected:
            before.append(Line(self._wording.small.corrected, LineKind.THANKS))
        if value is not None:
            state = replace(state, given={**state.given, slot.name: value}, confirming=False, asides=0)
        elif state.confirming and reading.agreed is YesNo.YES:
            state = self._settled(state, slot, state.given.get(slot.name))
            before.append(self._thanks(state))
        elif state.confirming and reading.agreed is YesNo.NO:
            return self._walk(self._failed(self._without(state, slot), slot), before, asks=reading)
        else:
            return self._nothing_found(state, slot, reading, before, progressed=changed)
        return self._walk(state, before, asks=reading)

    def _nothing_found(
        self, state: TalkState, slot: Slot, reading: Reading, before: list[Line], *, progressed: bool
    ) -> Move:
        """The turn does not answer the question; what it does instead."""
        asides = state.asides + 1
        if asides > MOST_ASIDES:
            return self._walk(self._failed(replace(state, asides=0), slot), before)
        instead = self._instead(replace(state, asides=asides), reading, before)
        if instead is not None:
            return instead
        if progressed:
            return self._walk(replace(state, asides=asides), before)
        if reading.manner is Manner.DOES_NOT_KNOW and not slot.required and not state.confirming:
            return self._walk(self._settled(state, slot, None), before)
        state = self._failed(state, slot)
        if slot.name in state.values:
            return self._walk(state, before)
        before.append(Line(self._wording.text(reading.fault or self._script.fallbacks.not_understood, state.known())))
        return Move(state, (*before, *self._asked(state))) if state.confirming else self._walk(state, before)

    def _instead(self, state: TalkState, reading: Reading, before: list[Line]) -> Move | None:
        """For a callee who asks for a moment, asks something, objects, or wants to hear the question again."""
        if reading.manner is Manner.WAIT:
            said = self._wording.small.take_your_time
            return Move(state, (Line(said),) if said else self._asked(state))
        if reading.objection:
            line = Line(self._wording.text(reading.objection, state.known()), LineKind.ANSWER)
            return Move(state, (*before, line, *self._asked(state)))
        if reading.question or reading.manner is Manner.REPEAT:
            asks = reading.question if reading.manner is not Manner.REPEAT else ""
            return Move(state, (*before, *self._asked(state)), asks=asks)
        return None

    def _walk(
        self,
        state: TalkState,
        before: Iterable[Line],
        *,
        asks: Reading | None = None,
    ) -> Move:
        """Go on in the script to the next question or the end; what was asked before is asked in other words."""
        lines = list(before)
        question = asks.question if asks is not None else ""
        if asks is not None and asks.objection:
            lines.append(Line(self._wording.text(asks.objection, state.known()), LineKind.ANSWER))
        while True:
            if self._lacks_what_it_needs(state):
                return self._leave(state, give_up(self._script), lines, asks=question)
            step = advance(self._script, state.place, state.values)
            lines += self._said(step.said, state)
            state = replace(state, place=step.place, said=state.said | {one.name for one in step.said})
            if isinstance(step, Leave):
                return self._leave(state, step.exit, lines, asks=question)
            values = {name: value for name, value in state.values.items() if name not in step.forgotten}
            state = replace(state, values=values)
            slot = step.slot
            if slot.name not in state.given:
                ask = slot.question_again if slot.name in state.heard else slot.ask
                if slot.name == state.misheard and self._wording.small.spell:
                    ask = self._wording.small.spell
                state = replace(state, asked=slot.name, confirming=False, heard=state.heard | {slot.name})
                return self._ask(state, ask, lines, question)
            if slot.confirm:
                state = replace(state, asked=slot.name, confirming=True)
                return self._ask(state, slot.confirm, lines, question)
            state = self._settled(replace(state, asked=slot.name), slot, state.given[slot.name])
            if not any(line.kind is LineKind.THANKS for line in lines):
                lines.append(self._thanks(state))

    def _lacks_what_it_needs(self, state: TalkState) -> bool:
        """A slot that the script cannot do without was asked for in vain: nothing more is asked then."""
        last = self._script.slot(state.last_settled)
        return last is not None and last.required and state.values.get(last.name, "") is None

    def _ask(self, state: TalkState, template: str, lines: list[Line], question: str) -> Move:
        text = self._wording.text(template, state.known())
        state = replace(state, question=text)
        spoken = [line for line in lines if line.text]
        return Move(state, (*spoken, Line(text, LineKind.QUESTION)), asks=question)

    def _leave(
        self, state: TalkState, way: Exit, before: Iterable[Line], *, farewell: bool = True, asks: str = ""
    ) -> Move:
        lines = [line for line in before if line.text and line.kind is not LineKind.THANKS]
        said = self._wording.text(way.say, state.known()) if farewell else ""
        if said:
            lines.append(Line(said, LineKind.FAREWELL))
        return Move(replace(state, exit=way, asked="", confirming=False), tuple(lines), asks=asks)

    def _settled(self, state: TalkState, slot: Slot, value: SlotValue) -> TalkState:
        given = {name: other for name, other in state.given.items() if name != slot.name}
        return replace(
            state,
            values={**state.values, slot.name: value},
            given=given,
            confirming=False,
            asides=0,
            last_settled=slot.name,
            misheard="",
        )

    def _without(self, state: TalkState, slot: Slot) -> TalkState:
        given = {name: other for name, other in state.given.items() if name != slot.name}
        return replace(state, given=given, confirming=False)

    def _failed(self, state: TalkState, slot: Slot) -> TalkState:
        """Asked in vain once more; as often as the slot allows, it has no value."""
        count = state.failures.get(slot.name, 0) + 1
        state = replace(state, failures={**state.failures, slot.name: count})
        return self._settled(state, slot, None) if count >= slot.attempts else state

    def _with_others(self, state: TalkState, reading: Reading, but: Mapping[str, object]) -> TalkState:
        """With the values that were said for other slots than the open one: given early, or corrected."""
        for name, value in reading.values.items():
            if name in but or (name in state.values and not self._may_correct(state, reading, name)):
                continue
            if name in state.values:
                state = self._reopened(state, name)
            state = replace(state, given={**state.given, name: value})
        return state

    def _may_correct(self, state: TalkState, reading: Reading, name: str) -> bool:
        del name
        return reading.corrects or not state.asked or state.asked not in reading.values

    def _corrects_last(self, state: TalkState, slot: Slot) -> bool:
        """Whether "no, Tuesday" may concern the slot before, which is of the same type."""
        last = self._script.slot(state.last_settled)
        return (
            last is not None and last.type is slot.type and not state.confirming and not state.failures.get(slot.name)
        )

    def _correct_last(self, state: TalkState, reading: Reading, value: SlotValue) -> Move:
        state = self._reopened(state, state.last_settled)
        state = replace(state, given={**state.given, state.last_settled: value})
        return self._walk(state, [Line(self._wording.small.corrected, LineKind.THANKS)], asks=reading)

    def _reopened(self, state: TalkState, name: str) -> TalkState:
        """From the start again, for the way may be another one; what was settled and said stays so."""
        values = {other: value for other, value in state.values.items() if other != name}
        return replace(state, values=values, place=begin(self._script), confirming=False)

    def _to_be_spelled(self, state: TalkState, name: str) -> TalkState:
        """ "No, my name is …" with the same name again: it was misheard twice."""
        slot, heard = self._script.slot(name), state.known().get(name)
        state = self._reopened(state, name)
        if slot is None:
            return state
        return self._failed(replace(self._without(state, slot), misheard=name, misheard_as=str(heard or "")), slot)

    def _was_corrected(self, reading: Reading, state: TalkState) -> bool:
        return reading.corrects and any(name in state.given for name in reading.values)

    def _said(self, states: Iterable[State], state: TalkState) -> list[Line]:
        return [
            Line(self._wording.text(one.say, state.known())) for one in states if one.say and one.name not in state.said
        ]

    def _asked(self, state: TalkState) -> tuple[Line, ...]:
        return (Line(state.question, LineKind.QUESTION),) if state.question else ()

    def _thanks(self, state: TalkState) -> Line:
        thanks = self._wording.small.thanks
        return Line(thanks[len(state.values) % len(thanks)] if thanks else "", LineKind.THANKS)
