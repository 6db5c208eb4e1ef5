"""Negative controls: what is done to the agent on purpose, to prove that the measuring stick would notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.errors import ConfigurationError

FRAME_MS = 20
MOST_DELAY_MS = 10_000


@dataclass(frozen=True, slots=True)
class Control:
    """Nothing is done by default."""

    echo: bool = False
    """An echo answers in place of the agent (`agent.rehearsal.echo`)."""
    delay_ms: int = 0
    """All that the agent sends reaches Asterisk so much later (`agent.rehearsal.delay_line`)."""
    barge_in: bool = True
    """False: nobody can interrupt the agent."""
    lose_ms: int = 0
    """So much of each second that the agent sends never reaches Asterisk."""
    hold_ms: int = 0
    """So much of each second that the agent sends reaches Asterisk late and at once."""

    @classmethod
    def parse(cls, words: Iterable[str]) -> Control:
        """Of `echo`, `delay=MS` and `no-barge-in`. Raises ConfigurationError."""
        echo, delay_ms, barge_in = False, 0, True
        for word in words:
            if word == "echo":
                echo = True
            elif word == "no-barge-in":
                barge_in = False
            elif word.startswith("delay="):
                delay_ms = _delay(word.removeprefix("delay="))
            else:
                raise ConfigurationError(f"--control {word} is not known; known are echo, delay=MS and no-barge-in.")
        return cls(echo, delay_ms, barge_in)

    @property
    def bends_sound(self) -> bool:
        """Whether a relay has to stand in the sound path."""
        return bool(self.delay_ms or self.lose_ms or self.hold_ms)

    @property
    def words(self) -> list[str]:
        """As they are given on the command line, for the report."""
        found = ["echo"] if self.echo else []
        found += [f"delay={self.delay_ms}"] if self.delay_ms else []
        return found if self.barge_in else [*found, "no-barge-in"]


def _delay(text: str) -> int:
    if not text.isdecimal() or int(text) % FRAME_MS or int(text) > MOST_DELAY_MS:
        raise ConfigurationError(
            f"--control delay={text}: give whole frames of {FRAME_MS} ms, at most {MOST_DELAY_MS}, such as delay=300."
        )
    return int(text)
