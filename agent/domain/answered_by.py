"""Who or what answered a call that we made, and what that was decided by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class AnsweredBy(StrEnum):
    """Who or what answered."""

    PERSON = "person"
    VOICEMAIL = "voicemail"
    """A machine or service that takes a message, or is about to."""
    MAILBOX_FULL = "mailbox_full"
    """One that takes none."""
    IVR = "ivr"
    """A menu that wants keys or words, or a queue."""
    CALL_SCREENING = "call_screening"
    """A machine that asks who is calling before anybody takes the call."""
    UNCERTAIN = "uncertain"
    """Nothing that was heard decides it; the call goes on as with a person."""

    @property
    def machine(self) -> bool:
        """Whether no person has answered."""
        return self not in {AnsweredBy.PERSON, AnsweredBy.UNCERTAIN}

    @property
    def takes_no_part(self) -> bool:
        """Whether nobody is there to talk to, now or soon."""
        return self in {AnsweredBy.VOICEMAIL, AnsweredBy.MAILBOX_FULL}


class AnswerRule(StrEnum):
    """Which rule decided."""

    WORDS = "words"
    """What was said."""
    SHORT_ANSWER = "short_answer"
    """A few words, then silence, as people answer."""
    QUIET_AFTER_SPEECH = "quiet_after_speech"
    """Longer speech without a machine's words, then silence that waits for us."""
    BEEP = "beep"
    """A tone as it comes before a recording."""
    NOTHING_SAID = "nothing_said"
    """Nobody spoke."""
    WENT_ON = "went_on"
    """Speech went on for longer than anybody answers a telephone with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision and its evidence. Times in milliseconds since the call was answered."""

    by: AnsweredBy
    rule: AnswerRule
    decided_ms: int
    heard: str = ""
    """What was understood until then; may be empty."""
    speech_began_ms: int | None = None
    """None: nobody had spoken."""
    speech_ms: int = 0
    """Speech until then, pauses left out."""
    beep_ms: int | None = None
    """When the beep ended that decided it; None: another rule did."""

    def to_dict(self) -> dict[str, Any]:
        """As the record holds it."""
        return {
            "by": self.by.value,
            "rule": self.rule.value,
            "decided_ms": self.decided_ms,
            "heard": self.heard,
            "speech_began_ms": self.speech_began_ms,
            "speech_ms": self.speech_ms,
            "beep_ms": self.beep_ms,
        }
