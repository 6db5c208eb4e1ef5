"""What Asterisk's REST interface tells us, reduced to what is used, and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LONGEST_NUMBER = 64
"""E.164 allows 15 digits; SIP users may be longer."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of Asterisk. Ids of channels that a caller brought are Asterisk's own."""

    id: str
    name: str
    """Such as `PJSIP/alice-00000001`."""
    state: str
    """`Ring` (a caller waits), `Ringing` (we wait), `Up`, `Down`, …"""
    caller: str
    """Number of the caller as the network gave it: personal data, and written by a stranger."""
    dialled: str
    """Extension of the dialplan that the channel is in: for a call that comes in, the number dialled."""
    stasis_app: str
    """Name of the Stasis application that holds the channel; empty if none does."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Channel:
        """Read one `Channel` object of ARI; raises KeyError or TypeError if it is none."""
        plan = data.get("dialplan") or {}
        in_stasis = plan.get("app_name") == "Stasis"
        return cls(
            id=str(data["id"]),
            name=str(data.get("name", "")),
            state=str(data.get("state", "")),
            caller=_tame((data.get("caller") or {}).get("number")),
            dialled=_tame(plan.get("exten")),
            stasis_app=str(plan.get("app_data") or "").split(",", 1)[0] if in_stasis else "",
        )


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge of Asterisk."""

    id: str
    channels: tuple[str, ...]
    """Ids of the channels in it."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Bridge:
        """Read one `Bridge` object of ARI; raises KeyError if it is none."""
        return cls(id=str(data["id"]), channels=tuple(map(str, data.get("channels", ()))))


@dataclass(frozen=True, slots=True)
class AsteriskInfo:
    """Which Asterisk answers."""

    version: str
    started_at: str
    """When this process of Asterisk started, ISO 8601: a new value means that all earlier calls are gone."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> AsteriskInfo:
        """Read `GET /asterisk/info`."""
        return cls(
            version=str((data.get("system") or {}).get("version", "")),
            started_at=str((data.get("status") or {}).get("startup_time", "")),
        )


def _tame(number: object) -> str:
    """What a stranger wrote where a number belongs: printable, and of bounded length."""
    return "".join(c for c in str(number or "") if c.isprintable())[:_LONGEST_NUMBER]
