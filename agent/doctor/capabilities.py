"""What each version of Asterisk cannot do for us. Pure.

Sources: Asterisk's change logs (20.14.0, 20.17.0, 22.9.0, 23.1.0), the reference of the AudioSocket application (since
18.0.0), its issues 2078 and 2089, and calls through 22.10.1. Only 22.10 was tried; the rest was read.

Fixes go into several branches at once, and minor versions count in step: 20.14 = 21.9 = 22.4, 20.17 = 22.7 = 23.1. So
a version is placed on one scale, that of branch 22.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.doctor.check import Status

TRIED = (22, 10)
_STEP = {20: -10, 21: -5, 22: 0, 23: 6}
"""Branch → what to add to its minor version to get that of branch 22 with the same fixes."""
_MAINTAINED = frozenset({20, 22, 23})
"""In November 2026, by its policy: 20 and 23 until October 2027, 22 until October 2029."""
_CERTIFIED = re.compile(r"certified[-/ ](\d+)\.(\d+)")
_GIT = re.compile(r"GIT-(?:\w+-)*?(\d{2})\b")
_PLAIN = re.compile(r"^\D{0,10}(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of Asterisk as far as it matters here."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def step(self) -> int:
        """Minor version of branch 22 with the same fixes; -1 for everything before 22.0's, 999 for newer branches."""
        if self.major in _STEP:
            return self.minor + _STEP[self.major]
        return -1 if self.major < min(_STEP) else 999


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that a version cannot do, or does wrongly."""

    code: str
    status: Status
    text: str
    """Follows "Asterisk X"."""
    applies: Callable[[Version], bool]


LIMITS: tuple[Limit, ...] = (
    Limit(
        "no_audiosocket",
        Status.BROKEN,
        "has no AudioSocket (it came with 18), so the sound of a call cannot reach the agent",
        lambda version: version.major < 18,
    ),
    Limit(
        "not_maintained",
        Status.WARNING,
        "gets no more fixes, security included",
        lambda version: version.major < 23 and version.major not in _MAINTAINED,
    ),
    Limit(
        "not_tried",
        Status.WARNING,
        f"is newer than what this software was tried with ({TRIED[0]}.{TRIED[1]})",
        lambda version: version.major > 23,
    ),
    Limit(
        "closing_does_not_hang_up",
        Status.WARNING,
        "leaves a call up and silent when the agent's end of the sound closes: after a crash of the agent callers hear "
        "nothing until it is back",
        lambda version: version.major >= 18 and version.step < 4,
    ),
    Limit(
        "late_frame_ends_call",
        Status.WARNING,
        "ends the sound of a call for good when one frame of the agent's comes late, so a busy machine drops calls",
        lambda version: 4 <= version.step < 7,
    ),
    Limit(
        "split_header",
        Status.WARNING,
        "misreads the sound when a frame's header arrives in two pieces, which a busy network does",
        lambda version: 7 <= version.step < 9,
    ),
    Limit(
        "no_sip_code",
        Status.GOOD,
        "does not tell the SIP code with which a call failed",
        lambda version: version.major >= 18 and version.step < 7,
    ),
)
"""In the order in which they are told. A limit whose status is good is told and does no harm."""


def parse_version(text: str) -> Version | None:
    """The version in what Asterisk says of itself; None where there is none to be found.

    `22.10.1+dfsg-1`, `certified/20.7-cert5` and builds from a branch such as `GIT-22-0abc123` (taken as its newest).
    """
    if match := _CERTIFIED.search(text) or _PLAIN.match(text):
        return Version(int(match[1]), int(match[2]))
    if match := _GIT.search(text):
        return Version(int(match[1]), 999)
    return None


def limits(version: Version) -> list[Limit]:
    """What this version cannot do, worst first in the order of the table."""
    return [limit for limit in LIMITS if limit.applies(version)]
