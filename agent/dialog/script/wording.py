"""What a script says, as it is said: values and variables in their places, and the small words between. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.domain.script import CallScript
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_text import filled
from agent.domain.script_values import SlotValue
from agent.domain.variables import Value

# fmt: off
_DAYS: dict[str, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_MONTHS: dict[str, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
           "November", "Dezember"),
}
# fmt: on
HALF_A_YEAR = 183
"""A day that is further away, in days, is said with its year."""


def weekdays(language: str) -> tuple[str, ...]:
    """The days of the week; none of a language that is not known."""
    return _DAYS.get(language[:2].lower(), ())


@dataclass(frozen=True, slots=True)
class SmallWords:
    """What is said between the script's own sentences, in one language."""

    thanks: tuple[str, ...]
    """After a value was settled, one after the other."""
    take_your_time: str
    unknown: str
    """To a question that the facts do not answer."""
    corrected: str
    """After the callee corrected something."""
    spell: str
    """To a callee who says that their name was misheard, and says it again in the same way."""
    nobody_free: str
    """To a callee who was to be handed over, and whom nobody takes."""
    yes: str
    no: str


SMALL_WORDS: dict[str, SmallWords] = {
    "en": SmallWords(
        ("All right.", "Thank you."),
        "Of course, take your time.",
        "I am afraid I do not know that.",
        "All right, I have changed that.",
        "I am sorry, I did not get the name right. Please spell it for me, letter by letter.",
        "I am sorry, nobody can take your call at the moment.",
        "yes",
        "no",
    ),
    "de": SmallWords(
        ("In Ordnung.", "Danke."),
        "Natürlich, lassen Sie sich Zeit.",
        "Das weiß ich leider nicht.",
        "In Ordnung, das habe ich geändert.",
        "Entschuldigung, ich habe den Namen nicht richtig verstanden. Bitte buchstabieren Sie ihn.",
        "Es tut mir leid, im Moment kann niemand Ihren Anruf annehmen.",
        "ja",
        "nein",
    ),
}
WORDLESS = SmallWords((), "", "", "", "", "", "", "")
"""Of a language that has none here: the script's own words are all that is said."""


def small_words(language: str) -> SmallWords:
    """Of a language."""
    return SMALL_WORDS.get(language[:2].lower(), WORDLESS)


class Wording:
    """Of one call: its variables do not change."""

    def __init__(self, script: CallScript, variables: Mapping[str, Value], *, today: date) -> None:
        self._script = script
        self._variables = {name: _plain(value) for name, value in variables.items()}
        self._today = today
        self.small = small_words(script.language)

    def text(self, template: str, values: Mapping[str, SlotValue]) -> str:
        """A sentence of the script with all its places filled."""
        slots = {slot.name: self.value(slot, values[slot.name]) for slot in self._script.slots if slot.name in values}
        return " ".join(filled(template, {**self._variables, **slots}, self._script.facts).split())

    def value(self, slot: Slot, value: SlotValue) -> str:
        """The value of a slot in words."""
        match value:
            case None:
                return ""
            case bool():
                return self.small.yes if value else self.small.no
            case str() if slot.type is SlotType.DATE:
                return self._day(value)
            case str():
                return value
            case _:
                return f"{value:g}"

    def known(self, values: Mapping[str, SlotValue]) -> list[str]:
        """All that may be told: the facts, who calls and why, and what the callee has said."""
        script = self._script
        said = [self.value(slot, values[slot.name]) for slot in script.slots if slot.name in values]
        own = (*script.facts.values(), script.opening, *script.disclosures, script.purpose)
        return [*(self.text(one, {}) for one in own), *said]

    def _day(self, iso: str) -> str:
        code = self._script.language[:2].lower()
        try:
            day = date.fromisoformat(iso)
        except ValueError:
            return iso
        if code not in _DAYS:
            return iso
        weekday, month = _DAYS[code][day.weekday()], _MONTHS[code][day.month - 1]
        far = abs((day - self._today).days) > HALF_A_YEAR
        if code == "de":
            return f"{weekday}, {day.day}. {month}" + (f" {day.year}" if far else "")
        return f"{weekday}, {month} {day.day}" + (f", {day.year}" if far else "")


def telling_words(text: str) -> set[str]:
    """The words of a text that tell something, shortened so that "prices" is "price"."""
    return {
        re.sub(r"(?:ings?|ed|es|s|en|e)$", "", word) or word
        for word in re.findall(r"[^\W_]+", text.lower())
        if len(word) > 3 and word not in _COMMON  # three letters tell nothing
    }


# fmt: off
_COMMON = frozenset({
    "about", "after", "also", "because", "been", "before", "being", "could", "does", "from", "have", "having",
    "here", "into", "just", "like", "more", "much", "must", "only", "other", "over", "really", "said", "says",
    "should", "some", "such", "than", "that", "their", "them", "then", "there", "these", "they", "thing", "think",
    "this", "those", "very", "want", "wants", "well", "were", "what", "when", "where", "which", "will", "with",
    "would", "your", "yours", "you've", "dass", "dies", "diese", "dieser", "eine", "einen", "einer", "haben",
    "habe", "hier", "ihre", "ihrem", "ihren", "kann", "nicht", "noch", "oder", "sein", "sich", "sind", "über",
    "und", "wenn", "werden", "wird", "wollen", "zum", "zur", "callee", "caller", "person", "somebody", "someone",
    "call", "calls", "called",
})
# fmt: on


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
