"""Handing a caller over to somebody else: to whom, how, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

DestinationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_SIP_URI = r"^(sips?:[A-Za-z0-9+*#._-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?)?$"


class TransferKind(StrEnum):
    """Whether anybody is asked."""

    BLIND = "blind"
    """Whoever answers has the caller at once."""
    ATTENDED = "attended"
    """Whoever answers hears who calls and why, and takes the call or not."""


class TransferMode(StrEnum):
    """By which means."""

    BRIDGE = "bridge"
    """We call the destination and connect both; the call stays with us until one of them hangs up."""
    REFER = "refer"
    """The caller's telephone is asked to call the destination itself; the call leaves us."""


class RequestedBy(StrEnum):
    """Who wanted it."""

    MODEL = "model"
    API = "api"
    SCRIPT = "script"


class TransferStatus(StrEnum):
    """How far it is. From `started` it becomes one of the others, once."""

    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"


class TransferFailure(StrEnum):
    """Why the caller was not handed over."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    """Nobody answered within `ring_timeout_s`."""
    REJECTED = "rejected"
    """The destination refused the call."""
    UNREACHABLE = "unreachable"
    """There is no such destination, its line is down, or it takes no calls."""
    NOT_ALLOWED = "not_allowed"
    """The rules for calling out forbid the number."""
    OUTBOUND_STOPPED = "outbound_stopped"
    """All calls out are stopped."""
    LIMIT_EXCEEDED = "limit_exceeded"
    """The minutes or the money for calls out are used up."""
    TRUNK_FULL = "trunk_full"
    """The trunk, or all trunks together, have no room for another call."""
    DECLINED = "declined"
    """Whoever answered did not want the call."""
    NOT_ACCEPTED = "not_accepted"
    """Whoever answered said neither yes nor no."""
    DESTINATION_HANGUP = "destination_hangup"
    """Whoever answered hung up before the caller was connected."""
    CALLER_HANGUP = "caller_hangup"
    CANCELED = "canceled"
    """The call was ended, or its time was up, before."""
    TELEPHONY_ERROR = "telephony_error"
    INTERNAL_ERROR = "internal_error"
    """The server died, or a fault of this program."""


class TransferDestination(BaseModel):
    """One to whom callers may be handed over. Nothing that is said in a call becomes part of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: DestinationName
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    """Who that is and when to transfer to them, for the language model."""
    endpoint: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,63})?$")] = ""
    """A telephone that Asterisk knows, by the name of its endpoint. Exactly one of `endpoint`, `number`, `extension`
    and `uri` is given."""
    number: Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14})?$")] = ""
    """A number in E.164, called over `trunk`."""
    extension: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""
    """An extension of a telephone system, called over `trunk`."""
    uri: Annotated[str, StringConstraints(pattern=_SIP_URI)] = ""
    """A SIP address that the caller's own telephone or system is asked to call (REFER)."""
    trunk: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]{0,63})?$")] = ""
    """Name of a line of `[outbound.trunks]`."""
    kind: TransferKind = TransferKind.BLIND
    ring_timeout_s: float = Field(default=25, ge=1, le=120)
    """So long it may ring."""
    accept_timeout_s: float = Field(default=15, ge=1, le=60)
    """So long after each briefing whoever answered may take to say yes or no; they are asked twice."""
    say: Sentence = ""
    """Said to the caller first, to its end; empty: `connecting` of the agent's phrases."""
    briefing: Sentence = ""
    """For `attended`, said to whoever answers, with `{{caller}}` and `{{summary}}` in it; empty: the agent's own."""
    music: bool = True
    """Whether the caller hears music meanwhile; otherwise it rings."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [place for place in (self.endpoint, self.number, self.extension, self.uri) if place]
        if len(places) != 1:
            raise ValueError("give exactly one of endpoint, number, extension and uri")
        if bool(self.trunk) != bool(self.number or self.extension):
            raise ValueError("a number or an extension needs a trunk, and nothing else has one")
        if self.extension in _EMERGENCY:
            raise ValueError("an emergency number is no destination")
        if self.uri and self.kind is TransferKind.ATTENDED:
            raise ValueError("who is called by REFER cannot be briefed: take kind blind")
        return self

    @property
    def mode(self) -> TransferMode:
        """By which means callers get there."""
        return TransferMode.REFER if self.uri else TransferMode.BRIDGE


_EMERGENCY = frozenset(
    [
        "000",
        "110",
        "111",
        "112",
        "113",
        "114",
        "115",
        "116",
        "117",
        "118",
        "119",
        "120",
        "122",
        "144",
        "190",
        "911",
        "995",
        "997",
        "998",
        "999",
    ]
)
"""Of many countries together: what a line to the outside may take for a call for help."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One attempt to hand a caller over."""

    id: str
    destination: str
    """Its name."""
    kind: TransferKind
    mode: TransferMode
    requested_by: RequestedBy
    started_at: datetime
    status: TransferStatus = TransferStatus.STARTED
    ended_at: datetime | None = None
    """When the caller was connected, or it failed."""
    reason: TransferFailure | None = None
    sip_code: int | None = None
    """Last SIP status code of the destination, where there was one."""
    price_micros: int | None = None
    """Millionths of money per begun minute; None: it goes over no trunk of ours, and is no call out."""

    def completed(self, at: datetime) -> Transfer:
        """The caller is connected. Raises ValueError where it has ended before."""
        return self._ended(TransferStatus.COMPLETED, at, None, None)

    def failed(self, reason: TransferFailure, at: datetime, *, sip_code: int | None = None) -> Transfer:
        """The caller was not handed over. Raises ValueError where it has ended before."""
        return self._ended(TransferStatus.FAILED, at, reason, sip_code)

    def _ended(
        self, status: TransferStatus, at: datetime, reason: TransferFailure | None, sip_code: int | None
    ) -> Transfer:
        if self.status is not TransferStatus.STARTED:
            raise ValueError(f"the transfer {self.id} is {self.status} already")
        return replace(self, status=status, ended_at=at, reason=reason, sip_code=sip_code)
