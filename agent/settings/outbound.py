"""Calling out: over which trunks, and whom we may call at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from agent.domain.calling_hours import window
from agent.domain.limits import OutboundLimits
from agent.settings.section import OptionalPath, Port, Section, texts

TrunkName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Endpoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{0,15}$")]
Prefixes = Annotated[tuple[Prefix, ...], BeforeValidator(texts)]
E164 = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{1,14})?$")]


def _are_windows(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        window(text)
    return value


Windows = Annotated[tuple[str, ...], BeforeValidator(texts), AfterValidator(_are_windows)]


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
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,253}$")] = ""
    """Address of the provider: the Asterisk of `phone-agent run` then gets the endpoint from here. Empty: an Asterisk
    of your own has it in its pjsip configuration; then all below means nothing."""
    port: Port = 5060
    username: str = ""
    """At the provider; empty: it knows us by our address."""
    password: SecretStr = SecretStr("")
    password_file: OptionalPath = None
    registers: bool = True
    """Whether the provider wants us to register, which needs `username`."""
    qualify_s: int = Field(default=60, ge=0, le=3600)
    """How often Asterisk asks whether the provider is there; 0: never."""


class OutboundSettings(Section):
    """Who may be called. Nobody, until `allow` names prefixes."""

    allow: Prefixes = ()
    """Numbers that may be called, by their beginning in E.164, such as "+4930"; "+" allows all that are not denied."""
    deny: Prefixes = ()
    """Numbers that may not, though allowed above."""
    hours: Windows = ()
    """When, by the callee's own clock, such as "mon-fri 09:00-20:00", "sat 10:00-18:00"; empty: at any time. A number
    that may be in several time zones is called when the hours are right in all of them."""
    attempts_per_number: int = Field(default=0, ge=0)
    """Calls to one number in 24 hours; 0: as many as are ordered."""
    minutes_per_day: int = Field(default=0, ge=0)
    """Begun minutes of all calls in 24 hours; 0: no bound."""
    spend_per_day: float = Field(default=0, ge=0)
    """Money for calls in 24 hours, in the currency of `prices`; 0: no bound."""
    prices: dict[Prefix, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Per begun minute by the beginning of the number: the longest that fits; others cost nothing."""
    max_calls: int = Field(default=0, ge=0, le=10_000)
    """Calls out at once on this server, all trunks together; 0: as many as it has places for."""
    calls_per_second: float = Field(default=0, ge=0, le=100)
    """New calls out per second on this server, all trunks together; 0: as fast as the trunks allow."""
    max_queued: int = Field(default=10_000, ge=1)
    """Calls that may wait to be dialled."""
    stopped: bool = False
    """Stops all calls out, as `POST /v1/system/outbound_stop` does."""
    trunks: dict[TrunkName, TrunkSettings] = Field(default_factory=dict)
    """SIP lines to the outside, each a table of its own: [outbound.trunks.NAME]."""

    def limits(self) -> OutboundLimits:
        """For the rules."""
        return OutboundLimits(
            allow=self.allow,
            deny=self.deny,
            hours=tuple(window(text) for text in self.hours),
            attempts_per_number=self.attempts_per_number,
            minutes_per_day=self.minutes_per_day,
            spend_per_day=self.spend_per_day,
            prices=self.prices,
            max_queued=self.max_queued,
        )
