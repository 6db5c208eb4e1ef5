"""How a call of the softphone ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.testing.softphone.sip import Request, Response

_CAUSE = re.compile(r"\s*Q\.850\s*;.*?\bcause\s*=\s*(\d+)", re.IGNORECASE)


class EndKind(StrEnum):
    """Who or what ended the call."""

    HUNG_UP = "hung_up"
    """We sent BYE, and it was answered."""
    REMOTE_HUNG_UP = "remote_hung_up"
    """BYE came."""
    REJECTED = "rejected"
    """The INVITE got a final answer of 300 or more, which we had not asked for."""
    CANCELED = "canceled"
    """We gave up before the answer."""
    REFUSED = "refused"
    """We refused a call that came in."""
    REMOTE_CANCELED = "remote_canceled"
    """The caller gave up before we answered: CANCEL came."""
    NO_RESPONSE = "no_response"
    """The other side did not answer our INVITE, CANCEL or BYE, however often it was sent."""
    NO_MEDIA = "no_media"
    """No RTP came for longer than we wait."""
    SOFTPHONE_FAILED = "softphone_failed"
    """The softphone's own sound broke down, such as for a full disk."""
    BAD_MEDIA = "bad_media"
    """The answer describes no sound that we can take."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The end of a call, as the telephone saw it."""

    kind: EndKind
    code: int | None = None
    """Final SIP status: of our BYE, or of the INVITE where the call was never answered; None: there was none."""
    reason: str = ""
    """Reason phrase of `code`, or the Reason header of the other side's BYE."""
    cause: int | None = None
    """Q.850 cause of the Reason header, where there was one."""

    @property
    def by_remote(self) -> bool:
        """The other side ended it."""
        return self.kind in {EndKind.REMOTE_HUNG_UP, EndKind.REJECTED, EndKind.REMOTE_CANCELED}


def q850_cause(message: Request | Response) -> int | None:
    """Cause of a Reason header (RFC 3326, RFC 6432) of protocol Q.850."""
    found = (_CAUSE.match(value) for value in message.all("Reason"))
    return next((int(match[1]) for match in found if match), None)
