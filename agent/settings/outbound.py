"""Calling out: over which trunks, and whom we may call at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from agent.settings.section import Section, texts

TrunkName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Endpoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{0,15}$")]
Prefixes = Annotated[tuple[Prefix, ...], BeforeValidator(texts)]
E164 = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{1,14})?$")]


class TrunkSettings(Section):
    """One SIP line to the outside: [outbound.trunks.NAME]."""

    endpoint: Endpoint
    """Name of the endpoint in Asterisk's pjsip configuration."""
    prefixes: Prefixes = ("+",)
    """Numbers that go this way, by their beginning; the longest match goes first, then by `priority`."""
    priority: int = Field(default=10, ge=0, le=100)
    """Among trunks that match alike the lower goes first; the others are tried where it fails."""
    max_calls: int = Field(default=10, ge=1, le=1000)
    """Calls out at once."""
    calls_per_second: float = Field(default=1, gt=0, le=100)
    """New calls out per second."""
    caller_id: E164 = ""
    """The number that is shown where the call names none."""
    strip_plus: bool = False
    """Whether the trunk wants numbers without their plus."""


class OutboundSettings(Section):
    """Who may be called. Nobody, until `allow` names prefixes."""

    allow: Prefixes = ()
    """Numbers that may be called, by their beginning in E.164, such as "+4930"; "+" allows all that are not denied."""
    deny: Prefixes = ()
    """Numbers that may not, though allowed above."""
    trunks: dict[TrunkName, TrunkSettings] = Field(default_factory=dict)
    """SIP lines to the outside, each a table of its own: [outbound.trunks.NAME]."""
