"""Whether all that a script names exists, and once. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agent.domain.script import CallScript
from agent.domain.script_finding import Finding, FindingCode, Severity
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_state import Comparison, Condition
from agent.domain.script_text import FACTS, places
from agent.scripts.texts import Kind, texts

_TEXTUAL = frozenset({SlotType.TEXT, SlotType.NAME, SlotType.PHONE, SlotType.EMAIL})


def names(script: CallScript) -> Iterator[Finding]:
    """Findings about names."""
    yield from _twice(script)
    yield from _in_states(script)
    yield from _in_texts(script)
    yield from _in_fallbacks(script)
    for at, slot in enumerate(script.slots):
        yield from _slot(slot, f"/slots/{at}")


def _twice(script: CallScript) -> Iterator[Finding]:
    seen: set[str] = set()
    ways = [(f"/states/{at}/name", state.name) for at, state in enumerate(script.states)]
    ways += [(f"/exits/{at}/name", ending.name) for at, ending in enumerate(script.exits)]
    for path, name in ways:
        if name in seen:
            yield _finding(FindingCode.NAME_TWICE, path, f'Another state or exit is named "{name}".')
        seen.add(name)
    for at, slot in enumerate(script.slots):
        if slot.name in script.variables:
            yield _finding(FindingCode.NAME_TWICE, f"/slots/{at}/name", f'A variable is named "{slot.name}", too.')


def _in_states(script: CallScript) -> Iterator[Finding]:
    for at, state in enumerate(script.states):
        for number, name in enumerate(state.slots):
            if script.slot(name) is None:
                yield _no_slot(f"/states/{at}/slots/{number}", name)
        for number, way in enumerate(state.transitions):
            path = f"/states/{at}/transitions/{number}"
            if script.state(way.to) is None and script.exit(way.to) is None:
                yield _finding(FindingCode.UNKNOWN_TARGET, f"{path}/to", f'No state or exit is named "{way.to}".')
            for index, condition in enumerate(way.when):
                yield from _condition(script, condition, f"{path}/when/{index}")
            for index, name in enumerate(way.forget):
                if script.slot(name) is None:
                    yield _no_slot(f"{path}/forget/{index}", name)


def _condition(script: CallScript, condition: Condition, path: str) -> Iterator[Finding]:
    slot = script.slot(condition.slot)
    if slot is None:
        yield _no_slot(f"{path}/slot", condition.slot)
    elif condition.compare not in {Comparison.KNOWN, Comparison.UNKNOWN} and not _comparable(slot, condition):
        yield _finding(
            FindingCode.WRONG_VALUE,
            f"{path}/value",
            f'"{slot.name}" is of type {slot.type.value} and can never be compared like this with {condition.value!r}.',
        )


def _comparable(slot: Slot, condition: Condition) -> bool:
    value, ordered = condition.value, condition.compare in {Comparison.LESS, Comparison.MORE}
    match slot.type:
        case SlotType.YES_NO:
            return isinstance(value, bool) and not ordered
        case SlotType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case SlotType.CHOICE:
            same = isinstance(value, str) and value.strip().casefold() in {choice.casefold() for choice in slot.choices}
            return same and not ordered
        case _:
            return isinstance(value, str) and not (ordered and slot.type in _TEXTUAL)


def _in_texts(script: CallScript) -> Iterator[Finding]:
    for text in texts(script):
        for place in places(text.words):
            if place.startswith(FACTS):
                if place.removeprefix(FACTS) not in script.facts:
                    yield _finding(FindingCode.UNKNOWN_FACT, text.path, f"There is no fact for {{{{{place}}}}}.")
            elif place not in script.variables and script.slot(place) is None:
                yield _finding(
                    FindingCode.UNKNOWN_VARIABLE, text.path, f"{{{{{place}}}}} is neither a variable nor a slot."
                )
        if text.kind is Kind.CONFIRM and text.name not in places(text.words):
            yield _finding(
                FindingCode.CONFIRM_WITHOUT_VALUE,
                text.path,
                f"It does not say what was understood: write {{{{{text.name}}}}} into it.",
            )


def _in_fallbacks(script: CallScript) -> Iterator[Finding]:
    fallbacks = script.fallbacks
    for field in ("give_up", "opt_out", "declined"):
        name = getattr(fallbacks, field)
        if name and script.exit(name) is None:
            yield _finding(FindingCode.UNKNOWN_EXIT, f"/fallbacks/{field}", f'No exit is named "{name}".')
    if not fallbacks.give_up and any(slot.required for slot in script.slots):
        yield _finding(
            FindingCode.GIVE_UP_MISSING,
            "/fallbacks/give_up",
            "Slots are required, and no exit is named for a call that does not get them.",
        )
    if not fallbacks.opt_out:
        yield _finding(
            FindingCode.OPT_OUT_MISSING,
            "/fallbacks/opt_out",
            "No exit is named for someone who does not want to be called again.",
            Severity.WARNING,
        )
    if not any(ending.success for ending in script.exits):
        yield _finding(FindingCode.NO_SUCCESS, "/exits", "By no exit the purpose is reached.", Severity.WARNING)
    for at, hand_over in enumerate(script.hand_overs):
        ending = script.exit(hand_over.exit)
        if ending is None:
            yield _finding(FindingCode.UNKNOWN_EXIT, f"/hand_overs/{at}/exit", f'No exit is named "{hand_over.exit}".')
        elif not ending.hand_over_to:
            yield _finding(
                FindingCode.NO_HAND_OVER,
                f"/hand_overs/{at}/exit",
                f'The exit "{ending.name}" names no destination in hand_over_to, so nobody takes over.',
            )


def _slot(slot: Slot, path: str) -> Iterator[Finding]:
    if slot.type is SlotType.CHOICE and len(slot.choices) < 2:
        yield _finding(FindingCode.CHOICES_MISSING, f"{path}/choices", "There are not two choices to choose from.")
    limits = slot.limits
    pairs = (
        (limits.minimum, limits.maximum),
        (limits.earliest_in_days, limits.latest_in_days),
        (limits.earliest or None, limits.latest or None),
    )
    for low, high in pairs:
        if low is not None and high is not None and low > high:  # type: ignore[operator]  # pairs of one type each
            yield _finding(
                FindingCode.LIMITS_EMPTY, f"{path}/limits", f"No value is from {low} to {high}: they are the wrong way."
            )


def _no_slot(path: str, name: str) -> Finding:
    return _finding(FindingCode.UNKNOWN_SLOT, path, f'No slot is named "{name}".')


def _finding(code: FindingCode, path: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)
