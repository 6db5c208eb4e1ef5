"""What Asterisk's REST interface tells us, reduced to what is used, and checked."""

from __future__ import annotations

from dataclasses import dataclass

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
    def of(cls, data: object) -> Channel:
        """Read one `Channel` object of ARI; raises ValueError if it is none."""
        plan = _inner(data, "dialplan")
        in_stasis = text_field(plan, "app_name") == "Stasis"
        return cls(
            id=_id(data),
            name=text_field(data, "name"),
            state=text_field(data, "state"),
            caller=_tame(text_field(_inner(data, "caller"), "number")),
            dialled=_tame(text_field(plan, "exten")),
            stasis_app=text_field(plan, "app_data").split(",", 1)[0] if in_stasis else "",
        )


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge of Asterisk."""

    id: str
    channels: tuple[str, ...]
    """Ids of the channels in it."""

    @classmethod
    def of(cls, data: object) -> Bridge:
        """Read one `Bridge` object of ARI; raises ValueError if it is none."""
        channels = _field(data, "channels")
        return cls(id=_id(data), channels=tuple(map(str, channels)) if isinstance(channels, list) else ())


@dataclass(frozen=True, slots=True)
class AsteriskInfo:
    """Which Asterisk answers."""

    version: str
    started_at: str
    """When this process of Asterisk started, ISO 8601: a new value means that all earlier calls are gone."""

    @classmethod
    def of(cls, data: object) -> AsteriskInfo:
        """Read `GET /asterisk/info`; raises ValueError if it is something else."""
        return cls(
            version=text_field(_inner(data, "system"), "version"),
            started_at=text_field(_inner(data, "status"), "startup_time"),
        )


def _field(data: object, name: str) -> object:
    if not isinstance(data, dict):
        raise ValueError("no object of ARI")  # noqa: TRY004 - it is the data that is wrong, not a type of ours
    return data.get(name)


def _inner(data: object, name: str) -> object:
    return _field(data, name) or {}


def text_field(data: object, name: str) -> str:
    """A string of an object of ARI, empty where it has none; raises ValueError if `data` is no object."""
    value = _field(data, name)
    return value if isinstance(value, str) else ""


def int_field(data: object, name: str) -> int:
    """A whole number of an object of ARI; raises ValueError if there is none."""
    value = _field(data, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"no number {name}")  # noqa: TRY004 - it is the data that is wrong, not a type of ours
    return value


def _id(data: object) -> str:
    if not (found := text_field(data, "id")):
        raise ValueError("no id")
    return found


def _tame(number: str) -> str:
    """What a stranger wrote where a number belongs: printable, and of bounded length."""
    return "".join(c for c in number if c.isprintable())[:_LONGEST_NUMBER]
