"""What `bench conversation` is asked to measure."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import ConfigurationError

CALLS = (1, 2, 4, 8)
"""Numbers of simultaneous calls that have measures of their own in `targets.toml`."""
LLM = "qwen2.5-coder-0.5b-instruct"
VOICE = "en_US-joe-medium"


@dataclass(frozen=True, slots=True)
class Profile:
    """Which models answer."""

    name: str
    stt: str
    """As `stt.model` has it."""
    llm: str = LLM
    tts: str = VOICE

    @property
    def models(self) -> dict[str, str]:
        """For the report."""
        return {"stt": self.stt, "llm": self.llm, "tts": self.tts}

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """Section → key → value."""
        return {"stt": {"model": self.stt}, "llm": {"model": self.llm}, "tts": {"voice": self.tts}}


PROFILES = {
    "base": Profile("base", stt="whisper-base"),
    "strong": Profile("strong", stt="whisper-base", llm="qwen2.5-coder-1.5b-instruct"),
    "fast": Profile("fast", stt="whisper-tiny.en"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the bench."""

    turns: int
    """Observations that each row rests on, where it counts turns, interruptions or the like; see each row."""
    calls: tuple[int, ...]
    """Numbers of simultaneous calls of the row `latency`."""
    seed: int
    folder: Path
    """For recordings and logs; each row makes its own folder in it."""
    profile: Profile = field(default_factory=lambda: PROFILES["base"])
    control: str | None = None
    """Name of the negative control under which all rows run."""
    rows: tuple[str, ...] = ()
    """Names; empty: all, or those that have the control."""

    def random(self, *purpose: object) -> random.Random:
        """A generator of its own for each purpose, such as the row's name: one row's draws do not move another's."""
        return random.Random(zlib.crc32(repr((self.seed, *purpose)).encode()))  # noqa: S311 - chance, not a secret


def parse_calls(text: str) -> tuple[int, ...]:
    """Numbers of calls from `1,2,4`. Raises ConfigurationError."""
    try:
        calls = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ConfigurationError(f"--calls {text!r} is no number, nor numbers with commas between them.") from None
    if not set(calls) <= set(CALLS) or len(set(calls)) < len(calls):
        raise ConfigurationError(f"--calls {text!r}: give some of {', '.join(map(str, CALLS))}, each once.")
    return calls


def profile(name: str) -> Profile:
    """The profile of that name. Raises ConfigurationError."""
    if name not in PROFILES:
        raise ConfigurationError(f"--profile {name} is not known; known are {', '.join(PROFILES)}.")
    return PROFILES[name]
