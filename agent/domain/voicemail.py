"""What an agent does with a machine that answers a call of its."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class VoicemailAction(StrEnum):
    """What is done where a machine answers that takes messages, or cannot take one."""

    HANG_UP = "hang_up"
    """The call ends at once."""
    LEAVE_MESSAGE = "leave_message"
    """The message is said after the beep, and the call ends; a mailbox that is full is hung up on."""
    CONTINUE = "continue"
    """The call goes on as with a person."""


class VoicemailPolicy(BaseModel):
    """Whether it is found out who answers a call that the agent makes, and what is done with machines."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    detect: bool = True
    """Of calls that the agent makes, where the order does not say otherwise; it then waits for the first word of who
    answers, two seconds at most."""
    action: VoicemailAction = VoicemailAction.HANG_UP
    message: str = Field(default="", max_length=2000)
    """For `leave_message`: said word for word."""
    beep_wait_s: float = Field(default=4, ge=1, le=30)
    """After the greeting the message is said without a beep once so many seconds were silent."""
    longest_greeting_s: float = Field(default=60, ge=5, le=300)
    """A greeting that is longer is hung up on."""

    @model_validator(mode="after")
    def _has_a_message(self) -> VoicemailPolicy:
        if self.action is VoicemailAction.LEAVE_MESSAGE and not self.message.strip():
            raise ValueError("voicemail.action leave_message needs voicemail.message")
        return self
