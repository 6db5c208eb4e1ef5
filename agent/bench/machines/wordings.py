"""What answers a call, in words, and the recorded greetings of machines. From `wordings.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from agent.domain.answered_by import AnsweredBy

PERSON_SAYS: Final = AnsweredBy.PERSON
MEASURE, TUNE = "measure", "tune"
RECORDED: Final[tuple[tuple[AnsweredBy, tuple[str, ...]], ...]] = (
    (AnsweredBy.VOICEMAIL, ("vm-theperson", "digits/4", "digits/2", "vm-isunavail", "vm-intro")),
    (AnsweredBy.VOICEMAIL, ("vm-theperson", "digits/1", "digits/0", "digits/7", "vm-isonphone", "vm-intro")),
    (AnsweredBy.VOICEMAIL, ("vm-nobodyavail", "vm-intro")),
    (AnsweredBy.MAILBOX_FULL, ("vm-mailboxfull",)),
    (AnsweredBy.IVR, ("basic-pbx-ivr-main",)),
    (AnsweredBy.IVR, ("dir-intro",)),
    (AnsweredBy.IVR, ("queue-periodic-announce",)),
    (AnsweredBy.CALL_SCREENING, ("privacy-unident", "priv-recordintro")),
)
"""A woman recorded for voicemail systems: names of prompts, one after the other. Measured, never tuned with."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One greeting."""

    by: AnsweredBy
    """Who says it."""
    text: str
    """" / " is a pause of half a second, " // " one of a second; of a recorded one the names of its prompts."""
    prompts: tuple[str, ...] = ()
    """Set where it was recorded."""


def wordings(use: str) -> list[Wording]:
    """Those of MEASURE or TUNE, in the order of the file."""
    table = tomllib.loads((files(__package__) / "wordings.toml").read_text(encoding="utf-8"))[use]
    written = [Wording(AnsweredBy(kind), text) for kind, texts in table.items() for text in texts]
    spoken = [Wording(by, " ".join(names), names) for by, names in RECORDED] if use == MEASURE else []
    return [*written, *spoken]
