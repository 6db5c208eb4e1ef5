"""What the back end may ask of a call that is under way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text word for word, as soon as neither side speaks."""

    text: str
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Hint:
    """Tell the language model something that the caller does not hear."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call, after a last sentence (empty: the agent's farewell)."""

    farewell: str = ""


Command = Say | Hint | HangUp
