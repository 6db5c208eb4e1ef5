"""The recording of a call: what the caller had to do with it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Consent(StrEnum):
    """On what ground a call is recorded, or why it is not."""

    ANNOUNCED = "announced"
    """The caller was told, and stayed."""
    GRANTED = "granted"
    """The caller was asked and said yes."""
    DECLINED = "declined"
    """The caller was asked and said no."""
    UNANSWERED = "unanswered"
    """The caller was asked and gave no clear answer."""

    @property
    def given(self) -> bool:
        """Whether the call may be recorded."""
        return self in {Consent.ANNOUNCED, Consent.GRANTED}


class ConsentBy(StrEnum):
    """How a caller answered who was asked."""

    VOICE = "voice"
    KEY = "key"


class RecordingStatus(StrEnum):
    """Where a recording stands."""

    NOT_RECORDED = "not-recorded"
    """The caller did not consent."""
    RECORDING = "recording"
    READY = "ready"
    FAILED = "failed"
    """It could not be written to its end; what there is can be fetched where `size` is given."""
    DELETED = "deleted"
    """It was erased, or became too old."""


class RecordingFormat(StrEnum):
    """What its file holds: two tracks, the caller left and the agent right."""

    WAV = "wav"
    """8 kHz, 16 bits."""
    OPUS = "opus"
    """In Ogg."""

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return ".wav" if self is RecordingFormat.WAV else ".ogg"

    @property
    def content_type(self) -> str:
        """As in HTTP."""
        return "audio/wav" if self is RecordingFormat.WAV else "audio/ogg; codecs=opus"


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known of the recording of one call."""

    status: RecordingStatus
    consent: Consent
    answered_by: ConsentBy | None
    decided_at: datetime
    """When the caller had been told or had answered: nothing before this moment is in it."""
    format: RecordingFormat | None = None
    seconds: float | None = None
    size: int | None = None
    """In bytes."""
    error: str | None = None
    """A stable code, where it failed."""


class RecordingResource(BaseModel):
    """A recording as the API shows it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    object: Literal["recording"] = "recording"
    status: RecordingStatus
    consent: Consent
    """`announced`: the caller was told; `granted`, `declined`, `unanswered`: the caller was asked."""
    answered_by: ConsentBy | None = None
    """How a caller answered who was asked."""
    decided_at: datetime
    """When the caller had been told or had answered; the recording begins here."""
    format: RecordingFormat | None = None
    seconds: float | None = None
    size: int | None = None
    """In bytes."""
    error: str | None = None
    """Why it failed: `disk_full` or `write_failed`."""
    deleted_at: datetime | None = None
