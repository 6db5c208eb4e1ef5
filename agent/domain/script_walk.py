"""Which way a call goes through its script. Pure: the values so far in, what is to be done next out.

    place = begin(script)
    step = advance(script, place, values)          # say what `step.said` names, then:
      Ask    put the question of `step.slot`; then advance from `step.place` with the value, or with None in vain
      Leave  say the farewell of `step.exit` and end the call by it

The walk never stops for ever: a state that is come into too often, or from which no way leads on, leads to
`fallbacks.give_up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.domain.script import CallScript, Exit
from agent.domain.script_slot import Slot
from agent.domain.script_state import State, Transition
from agent.domain.script_values import SlotValue

MOST_VISITS = 4
"""So many times a call may come into one state."""
GAVE_UP = Exit(name="given_up", outcome="not_reached")
"""Where a script names no exit of its own to give up by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a script a call is."""

    state: str
    visits: Mapping[str, int] = field(default_factory=dict)
    """How often each state was come into."""
    entered: bool = False
    """Whether what the state says was said."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a slot."""

    slot: Slot
    place: Place
    said: tuple[State, ...] = ()
    """States that the call has come into, in order: what they say is said before the question."""
    forgotten: frozenset[str] = frozenset()
    """Slots whose values are void from now on."""


@dataclass(frozen=True, slots=True)
class Leave:
    """End the call."""

    exit: Exit
    place: Place
    """The last state."""
    said: tuple[State, ...] = ()
    """See Ask; said before the farewell."""


Step = Ask | Leave


def begin(script: CallScript) -> Place:
    """Before the first state."""
    return Place(script.first.name, {script.first.name: 1})


def advance(script: CallScript, place: Place, values: Mapping[str, SlotValue]) -> Step:
    """What is to be done next.

    `values`: of the slots so far. A slot that is not in it was not asked for yet; None: asked for in vain.
    """
    known = dict(values)
    said: list[State] = []
    forgotten: set[str] = set()
    while True:
        state = script.state(place.state)
        if state is None:
            return Leave(give_up(script), place, tuple(said))
        if not place.entered:
            said.append(state)
            place = Place(place.state, place.visits, entered=True)
        slot = _open_slot(script, state, known)
        if slot is not None:
            return Ask(slot, place, tuple(said), frozenset(forgotten))
        if _in_vain(script, state, known):
            return Leave(give_up(script), place, tuple(said))
        way = next((way for way in state.transitions if way.holds(known)), None)
        if way is None:
            return Leave(give_up(script), place, tuple(said))
        ending = script.exit(way.to)
        if ending is not None:
            return Leave(ending, place, tuple(said))
        visits = place.visits.get(way.to, 0) + 1
        if visits > MOST_VISITS:
            return Leave(give_up(script), place, tuple(said))
        _forget(way, known, forgotten)
        place = Place(way.to, {**place.visits, way.to: visits})


def open_slots(script: CallScript, place: Place, values: Mapping[str, SlotValue]) -> tuple[Slot, ...]:
    """All that is still to be asked for in the state where the call is: an answer may give several at once."""
    state = script.state(place.state)
    names = state.slots if state else ()
    slots = (script.slot(name) for name in names if name not in values)
    return tuple(slot for slot in slots if slot is not None)


def give_up(script: CallScript) -> Exit:
    """The exit of a call that gets nowhere."""
    return script.exit(script.fallbacks.give_up) or GAVE_UP


def opt_out(script: CallScript) -> Exit:
    """The exit for someone who does not want to be called again."""
    return script.exit(script.fallbacks.opt_out) or give_up(script)


def declined(script: CallScript) -> Exit:
    """The exit for someone who does not want to go on."""
    return script.exit(script.fallbacks.declined) or give_up(script)


def _open_slot(script: CallScript, state: State, values: Mapping[str, SlotValue]) -> Slot | None:
    return next((slot for name in state.slots if name not in values and (slot := script.slot(name))), None)


def _in_vain(script: CallScript, state: State, values: Mapping[str, SlotValue]) -> bool:
    """Whether a slot that this state cannot do without is known to have been asked for in vain.

    A way that leads on from there by a condition UNKNOWN is taken by optional slots alone.
    """
    slots = (script.slot(name) for name in state.slots)
    return any(slot.required and slot.name in values and values[slot.name] is None for slot in slots if slot)


def _forget(way: Transition, values: dict[str, SlotValue], forgotten: set[str]) -> None:
    for name in way.forget:
        if name in values:
            del values[name]
            forgotten.add(name)
