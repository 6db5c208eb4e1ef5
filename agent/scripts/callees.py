"""What simulated callees say, in English and German. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from agent.domain.script import CallScript
from agent.domain.script_rehearsal import Caller
from agent.domain.script_slot import Slot, SlotType

_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "yes": "Yes.", "no": "No.", "name": "My name is Anna Miller.", "text": "It is quite all right.",
        "phone": "0 3 0 1 2 3 4 5 6 7", "email": "anna at example dot com", "hesitant": "Hm, let me see.",
        "hostile": "I am not interested.", "off_topic": "What is the weather like?",
        "opt_out": "Please don't call me again.", "spelled": "A, N, N, A. M, I, L, L, E, R.",
        "number": "{}", "time": "At {}.", "date": "On {}.",
    },
    "de": {
        "yes": "Ja.", "no": "Nein.", "name": "Ich heiße Anna Müller.", "text": "Das ist ganz in Ordnung.",
        "phone": "0 3 0 1 2 3 4 5 6 7", "email": "anna at beispiel punkt de", "hesitant": "Hm, mal sehen.",
        "hostile": "Ich habe kein Interesse.", "off_topic": "Wie wird denn das Wetter?",
        "opt_out": "Bitte rufen Sie mich nie wieder an.", "spelled": "A, N, N, A. M, Ü, L, L, E, R.",
        "number": "{}", "time": "Um {} Uhr.", "date": "Am {}.",
    },
}  # fmt: skip
DAYS_AHEAD = 2
"""The day that callees name where the slot leaves it to them: soon, and never today."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Who answers, and how."""

    kind: Caller
    choices: Mapping[str, str] = field(default_factory=dict)
    """Answers by slot, where they are other than usual."""


def callees(script: CallScript) -> Iterator[Callee]:
    """One of each kind, and cooperative ones for all answers that send the call another way."""
    said = _said(script)
    yield Callee(Caller.COOPERATIVE)
    for slot in script.slots:
        if slot.type is SlotType.YES_NO:
            yield Callee(Caller.COOPERATIVE, {slot.name: said["no"]})
        for choice in slot.choices[1:] if slot.type is SlotType.CHOICE else ():
            yield Callee(Caller.COOPERATIVE, {slot.name: choice})
    yield from (Callee(kind) for kind in Caller if kind not in {Caller.COOPERATIVE, Caller.VOICEMAIL})


def answer(callee: Callee, script: CallScript, slot: Slot | None, *, confirming: bool, times: int, today: date) -> str:
    """What is said to a question that has been put so many times before; `slot`: what is asked for."""
    said = _said(script)
    if callee.kind in {Caller.HOSTILE, Caller.OPT_OUT}:
        return said[callee.kind.value]
    if callee.kind in {Caller.HESITANT, Caller.OFF_TOPIC} and times == 0:
        return said[callee.kind.value]
    if slot is None or confirming:
        return said["yes"]
    return callee.choices.get(slot.name) or _usual(slot, said, script.language, today)


def spelled(script: CallScript) -> str:
    """The name that callees have, letter by letter."""
    return _said(script)["spelled"]


def _usual(slot: Slot, said: Mapping[str, str], language: str, today: date) -> str:
    limits = slot.limits
    match slot.type:
        case SlotType.YES_NO:
            return said["yes"]
        case SlotType.CHOICE:
            return slot.choices[0] if slot.choices else said["text"]
        case SlotType.NUMBER:
            low = limits.minimum if limits.minimum is not None else 3.0
            return said["number"].format(int(low) if limits.maximum is None else int(min(max(low, 3), limits.maximum)))
        case SlotType.DATE:
            earliest = max(limits.earliest_in_days if limits.earliest_in_days is not None else 0, DAYS_AHEAD)
            latest = limits.latest_in_days if limits.latest_in_days is not None else earliest
            day = today + timedelta(days=min(earliest, latest))
            return said["date"].format(_WEEKDAYS.get(language, _WEEKDAYS["en"])[day.weekday()])
        case SlotType.TIME:
            hour = int((limits.earliest or "10:00")[:2]) + (1 if limits.earliest else 0)
            return said["time"].format(hour)
        case _:
            return said[slot.type.value]


def _said(script: CallScript) -> Mapping[str, str]:
    return _WORDS.get(script.language, _WORDS["en"])
