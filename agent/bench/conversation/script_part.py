"""The script of the row `scripts`, and the part of a callee in it: who they are, and in which words they say it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from agent.domain.agent import Agent, Limits
from agent.domain.script import CallScript

NUMBER = "7011"
_SCRIPT = CallScript.model_validate(
    {
        "name": "Book a check-up",
        "purpose": "Book a dental check-up",
        "opening": "Hello, this is Lakeside Dental, calling about your yearly check-up.",
        "disclosures": ["You are talking with a computer."],
        "facts": {"price": "A check-up costs sixty dollars.", "place": "The practice is at 12 Lake Street."},
        "slots": [
            {
                "name": "name",
                "type": "name",
                "ask": "May I have your full name, please?",
                "ask_again": "Please tell me your first and last name.",
            },
            {
                "name": "day",
                "type": "date",
                "ask": "Which day would suit you?",
                "ask_again": "On what day would you like to come?",
                "limits": {"earliest_in_days": 1, "latest_in_days": 90},
            },
            {
                "name": "agreed",
                "type": "yes_no",
                "ask": "I have {{name}}, for {{day}}. Is that right?",
                "ask_again": "I have {{name}}, for {{day}}. Please say yes or no.",
            },
        ],
        "states": [
            {"name": "details", "slots": ["name", "day"], "transitions": [{"to": "confirm"}]},
            {
                "name": "confirm",
                "slots": ["agreed"],
                "transitions": [
                    {"when": [{"slot": "agreed", "value": True}], "to": "booked"},
                    {"to": "details", "forget": ["day", "agreed"]},
                ],
            },
        ],
        "exits": [
            {"name": "booked", "outcome": "booked", "success": True, "say": "It is booked. Goodbye."},
            {"name": "nothing", "outcome": "not_reached", "say": "Somebody will call you back. Goodbye."},
        ],
        "fallbacks": {"give_up": "nothing"},
    }
)
AGENTS: Mapping[str, Agent] = MappingProxyType(
    {
        NUMBER: Agent(
            name="scripted",
            greeting="Hello.",
            instructions="You follow your script.",
            limits=Limits(silence_prompt_s=20, silence_prompts=2),
            script=_SCRIPT,
        )
    }
)
"""By the number that is dialled."""
# fmt: off
_NAMES = (
    "Anna Miller", "Peter Jackson", "Robert Brown", "Emily Carter", "David Cooper", "Laura Wilson", "George Parker",
    "Susan Taylor", "Michael Young", "Helen Baker", "James Walker", "Alice Turner", "Henry Cook", "Karen Hill",
    "Daniel Morgan", "Julia Roberts", "Frank Mason", "Nancy Green", "Victor Stone", "Martin King",
)
_OF_NAMES = (
    "My name is {}.", "{}.", "It's {}.", "This is {} speaking.", "Yes, my name is {}.", "Sure, it's {}.", "I'm {}.",
    "Hi, this is {}.", "Um, {}.", "The name is {}.", "Of course. I am {}.", "You are talking to {}.",
)
_OF_DAYS = (
    "{} would be good.", "How about {}?", "Let's say {}.", "{}, please.", "Could we do {}?", "{} works best for me.",
    "I could come on {}.", "I think {} would be fine.", "Well, {} is good.", "I'd prefer {}.", "{} if possible.",
)
_YES = (
    "Yes.", "Yes, that's right.", "That's correct.", "Yeah, perfect.", "Yes, please.", "Exactly.",
    "That is right, yes.",
    "Correct.", "Yes, sounds good.", "Right, thank you.", "Yep, that's fine.",
)
_CHANGES = ("No, {}, please.", "Sorry, I meant {}.", "Actually, {} is better.", "No, make it {}.")
_NAME_WRONG = ("No, my name is {}.", "No, it's {}.")
_WRONG = "No, that's wrong."
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth",
    "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first",
)
# fmt: on
CHANGED_SHARE = 0.25
"""So many change their mind about the day when they hear it."""
FARTHEST = 60
"""Days ahead."""


@dataclass
class Part:
    """What one callee means, and says. Answers depend on what the agent asks, as people's do."""

    meant: Mapping[str, Any]
    name_said: str
    day_said: str
    yes: str
    change: str
    """Said once when the day is read back; empty: nothing."""
    first_day: str
    """As the agent says it back, before the change."""
    last_day: str
    last_said: str
    """As the callee says it."""
    crossed: bool = False
    changed: bool = False

    @property
    def corrects(self) -> bool:
        """The callee changes their mind once."""
        return bool(self.change)

    @property
    def texts(self) -> list[str]:
        """All that may be said."""
        name = str(self.meant["name"])
        wrong = (_WRONG, self._spelled, *(one.format(name) for one in _NAME_WRONG), self._insisting)
        return [text for text in (self.name_said, self.day_said, self.yes, self.change, *wrong) if text]

    def answer(self, asked: str) -> str:
        """The words for what the agent has said just now."""
        if self.crossed:
            return {"name": self.yes, "day": self.name_said}.get(_about(asked), self.day_said)
        match _about(asked):
            case "name":
                return self.name_said
            case "spelling":
                return self._spelled
            case "day":
                return self._insisting if self.changed else self.day_said
            case _:
                return self._confirm(asked)

    @property
    def _spelled(self) -> str:
        return ". ".join(", ".join(word.upper()) for word in str(self.meant["name"]).split()) + "."

    @property
    def _insisting(self) -> str:
        return f"I said {self.last_said}."

    def _confirm(self, asked: str) -> str:
        name = str(self.meant["name"])
        if name.casefold() not in asked.casefold():
            return _NAME_WRONG[0].format(name)
        if self.change and not self.changed and self.first_day in asked:
            self.changed = True
            return self.change
        if self.last_day not in asked:
            self.changed = True
            return self._insisting if self.first_day in asked else _WRONG
        return self.yes


def drawn_part(chance: random.Random, *, crossed: bool = False) -> Part:
    """A callee by chance."""
    today = datetime.now().astimezone().date()
    name = chance.choice(_NAMES)
    first, first_said = _drawn_day(chance, today)
    last, last_said = first, first_said
    changes = chance.random() < CHANGED_SHARE
    while changes and last == first:
        last, last_said = _drawn_day(chance, today)
    return Part(
        meant={"name": name, "day": last.isoformat(), "agreed": True},
        name_said=chance.choice(_OF_NAMES).format(name),
        day_said=_capital(chance.choice(_OF_DAYS).format(first_said)),
        yes=chance.choice(_YES),
        change=chance.choice(_CHANGES).format(last_said) if changes else "",
        first_day=_read_back(first),
        last_day=_read_back(last),
        last_said=last_said,
        crossed=crossed,
    )


def _drawn_day(chance: random.Random, today: date) -> tuple[date, str]:
    """A day, and how somebody may say it."""
    match chance.randrange(5):
        case 0 | 1:
            ahead = chance.randint(1, 7)
            day = today + timedelta(days=ahead)
            return day, _WEEKDAYS[day.weekday()]
        case 2:
            day = today + timedelta(days=1)
            return day, "tomorrow"
        case 3:
            day = today + timedelta(days=chance.randint(2, FARTHEST))
            return day, f"{_MONTHS[day.month - 1]} {_ORDINALS[day.day - 1]}"
        case _:
            day = today + timedelta(days=chance.randint(2, FARTHEST))
            return day, f"the {_ORDINALS[day.day - 1]} of {_MONTHS[day.month - 1]}"


def _read_back(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _about(asked: str) -> str:
    """What the agent's last question is about."""
    last = re.split(r"(?<=[.!?]) +", asked.strip())[-1] if asked else ""
    if "right?" in last or "yes or no" in last:
        return "confirmation"
    if "spell" in last:
        return "spelling"
    return "name" if "name" in last else "day" if "day" in last else "confirmation"
