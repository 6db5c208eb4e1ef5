"""The telephone line: Asterisk, its sound, and how many calls there may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from agent.settings.section import Host, OptionalPath, Port, Section


class AsteriskSettings(Section):
    """Where Asterisk is and how we log in."""

    ari_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")] = "http://127.0.0.1:8088"
    ari_user: str = "phone-agent"
    ari_password: SecretStr = SecretStr("")
    ari_password_file: OptionalPath = None
    app: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")] = "phone-agent"
    """Name of the Stasis application, as in the dialplan."""
    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: str = "phone-agent"
    ami_password: SecretStr = SecretStr("")
    ami_password_file: OptionalPath = None
    request_timeout_s: float = Field(default=5, gt=0)


class MediaSettings(Section):
    """The AudioSocket server to which Asterisk brings the sound. It knows no passwords: keep it private."""

    bind: Host = "127.0.0.1"
    port: int = Field(default=9092, ge=0, le=65535)
    """0 takes any free port."""
    advertise: str = ""
    """host:port that Asterisk is told; empty: `bind` and `port`."""
    realtime: bool = True
    """Let sound go before all other work of this machine, where the kernel permits it (root, LimitRTPRIO=1)."""
    admit_timeout_s: float = Field(default=5, gt=0)
    """How long a call waits for Asterisk to connect its sound."""
    stall_timeout_s: float = Field(default=90, gt=0)
    """So long without one frame from Asterisk ends the call. Muted telephones send none: keep it above rtp_timeout."""


class CapacitySettings(Section):
    """How many calls at once, and what becomes of a caller for whom there is no place."""

    max_calls: int = Field(default=0, ge=0)
    """0: learned from how long callers wait for answers."""
    start_calls: int = Field(default=4, ge=1)
    """Where learning begins."""
    turn_p95_s: float = Field(default=2.5, gt=0, le=30)
    """Learning keeps the wait for 95 % of all answers below this: from the end of speech to the first sound."""
    rule: Literal["busy", "announce", "fallback"] = "busy"
    """`busy`: refused (SIP 486); `announce`: answered and kept waiting; `fallback`: goes on in the dialplan."""
    fallback_context: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,79}$")] = "phone-agent-fallback"
    """Context of the dialplan whose extension `s` then takes the caller."""
    queue_timeout_s: float = Field(default=60, gt=0, le=3600)
    """A caller who has waited so long is told goodbye."""
    queue_calls: int = Field(default=10, ge=0)
    """So many may wait; further ones get `busy`."""


class DrainSettings(Section):
    """What becomes of calls when the server is to stop (SIGTERM), or to take no more (POST /v1/system/drain)."""

    timeout_s: float = Field(default=600, ge=0, le=86_400)
    """Calls under way may go on for so long; then they are told goodbye. Ctrl-C does not wait."""
    farewell_s: float = Field(default=15, ge=0, le=120)
    """A goodbye may take so long."""
    rule: Literal["fallback", "busy", "unavailable"] = "fallback"
    """New callers: `fallback` go on in `capacity.fallback_context` of the dialplan; `busy` are refused (SIP 486), as
    are `unavailable` (SIP 503, on which a trunk or proxy tries another server)."""
