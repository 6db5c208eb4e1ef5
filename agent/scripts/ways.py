"""Whether a call gets through a script: all of it can be reached, and from everywhere a way leads on. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from agent.domain.script import CallScript
from agent.domain.script_finding import Finding, FindingCode, Severity
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_state import State
from agent.domain.script_text import places
from agent.domain.script_values import SlotValue
from agent.scripts.graph import Graph, graph_of
from agent.scripts.texts import Kind, Text, texts

MOST_CASES = 4096
"""Combinations of values that one state is tried with; where there are more, it needs a way without a condition."""


def ways(script: CallScript) -> Iterator[Finding]:
    """Findings about the way through."""
    graph = graph_of(script)
    yield from _unreachable(script, graph)
    for at, state in enumerate(script.states):
        if state.name in graph.reached:
            yield from _leads_on(script, graph, state, f"/states/{at}")
    for at, state in enumerate(script.states):
        if state.name in graph.looping:
            yield _finding(
                FindingCode.ENDLESS_LOOP,
                f"/states/{at}/transitions",
                f'The call comes back to "{state.name}" and nothing is asked anew on the way; name slots in `forget`.',
            )
    for text in texts(script):
        yield from _values_are_known(script, graph, text)


def _unreachable(script: CallScript, graph: Graph) -> Iterator[Finding]:
    for at, state in enumerate(script.states):
        if state.name not in graph.reached:
            yield _finding(FindingCode.STATE_UNREACHABLE, f"/states/{at}", f'No way leads to the state "{state.name}".')
    fallbacks = script.fallbacks
    named = {fallbacks.give_up, fallbacks.opt_out, fallbacks.declined, *(one.exit for one in script.hand_overs)}
    for at, ending in enumerate(script.exits):
        if ending.name not in graph.reached and ending.name not in named:
            yield _finding(FindingCode.EXIT_UNREACHABLE, f"/exits/{at}", f'No way leads to the exit "{ending.name}".')
    asked = {name for state in script.states if state.name in graph.reached for name in state.slots}
    for at, slot in enumerate(script.slots):
        if slot.name not in asked:
            message = f'The slot "{slot.name}" is asked for in no state that can be reached.'
            yield _finding(FindingCode.SLOT_NOT_ASKED, f"/slots/{at}", message)


def _leads_on(script: CallScript, graph: Graph, state: State, path: str) -> Iterator[Finding]:
    asked_before = graph.may_know(state.name) | set(state.slots)
    for number, way in enumerate(state.transitions):
        for index, condition in enumerate(way.when):
            if script.slot(condition.slot) is not None and condition.slot not in asked_before:
                yield _finding(
                    FindingCode.CONDITION_BEFORE_QUESTION,
                    f"{path}/transitions/{number}/when/{index}",
                    f'"{condition.slot}" is asked for only later, or never.',
                )
        if not way.when and number + 1 < len(state.transitions):
            yield _finding(
                FindingCode.WAY_NEVER_TAKEN,
                f"{path}/transitions/{number + 1}",
                "The way before it is always taken.",
                Severity.WARNING,
            )
            break
    stuck = _stuck(script, graph, state)
    if stuck is not None:
        where = f" where {stuck}" if stuck else ""
        yield _finding(
            FindingCode.DEAD_END, f"{path}/transitions", f'From the state "{state.name}" no way leads on{where}.'
        )


def _stuck(script: CallScript, graph: Graph, state: State) -> str | None:
    """Answers with which no way holds, in words; None where one always does."""
    if any(not way.when for way in state.transitions):
        return None
    looked_at = [condition.slot for way in state.transitions for condition in way.when]
    slots = [slot for name in dict.fromkeys(looked_at) if (slot := script.slot(name)) is not None]
    sure = graph.surely_known(state.name) | {name for name in state.slots if _required(script, name)}
    options = [_values(slot, state, may_lack=slot.name not in sure) for slot in slots]
    for number, case in enumerate(itertools.product(*options)):
        values = dict(zip((slot.name for slot in slots), case, strict=True))
        if number >= MOST_CASES:
            return ""
        if not any(way.holds(values) for way in state.transitions):
            return ", ".join(f'"{name}" is {_told(value)}' for name, value in values.items())
    return None


def _values(slot: Slot, state: State, *, may_lack: bool) -> Sequence[SlotValue]:
    """Values that stand for all that the state tells apart."""
    compared = [c.value for way in state.transitions for c in way.when if c.slot == slot.name and c.value is not None]
    found: list[SlotValue] = []
    if slot.type is SlotType.YES_NO:
        found = [True, False]
    elif slot.type is SlotType.CHOICE:
        found = list(slot.choices)
    elif slot.type is SlotType.NUMBER:
        numbers = sorted(value for value in compared if isinstance(value, int | float))
        low, high = slot.limits.minimum, slot.limits.maximum
        beside = [numbers[0] - 1, numbers[-1] + 1] if numbers else [0]
        between = [(one + other) / 2 for one, other in itertools.pairwise(numbers)]
        found = [
            value
            for value in (*numbers, *beside, *between)
            if (low is None or value >= low) and (high is None or value <= high)
        ]
    else:
        found = ["", *compared, "\U0010ffff"]  # before all texts, and behind them
    return [*found, None] if may_lack else found


def _told(value: SlotValue) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case "" | "\U0010ffff":
            return "something else"
        case _:
            return str(value)


def _values_are_known(script: CallScript, graph: Graph, text: Text) -> Iterator[Finding]:
    for name in places(text.words):
        if script.slot(name) is None:
            continue
        sure = _known_at(script, graph, text)
        if sure is not None and name not in sure:
            yield _finding(
                FindingCode.VALUE_NOT_KNOWN,
                text.path,
                f"{{{{{name}}}}} may not be known yet when this is said.",
            )


def _known_at(script: CallScript, graph: Graph, text: Text) -> set[str] | None:
    """Slots whose values are known wherever this is said; None where it is never said."""
    match text.kind:
        case Kind.OPENING | Kind.ANYWHERE:
            return set()
        case Kind.STATE:
            return graph.surely_known(text.name)
        case Kind.EXIT:
            return graph.surely_known(text.name) if not _by_fallback(script, text.name) else set()
        case Kind.SLOT | Kind.CONFIRM:
            own = {text.name} if text.kind is Kind.CONFIRM else set[str]()
            states = [state for state in script.states if text.name in state.slots and state.name in graph.reached]
            sure = [graph.surely_known(state.name) | set(_before(script, state, text.name)) for state in states]
            return set.intersection(*sure) | own if sure else None


def _before(script: CallScript, state: State, name: str) -> Iterator[str]:
    return (one for one in state.slots[: state.slots.index(name)] if _required(script, one))


def _by_fallback(script: CallScript, name: str) -> bool:
    fallbacks = script.fallbacks
    ended_by = {fallbacks.give_up, fallbacks.opt_out, fallbacks.declined}
    return name in ended_by or any(one.exit == name for one in script.hand_overs)


def _required(script: CallScript, name: str) -> bool:
    slot = script.slot(name)
    return slot is not None and slot.required


def _finding(code: FindingCode, path: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)
