"""What Asterisk has against what we have: no channel without a call, no call without a channel."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from agent.telephony.ari_model import Bridge, Channel


@dataclass(frozen=True, slots=True)
class Held:
    """What one call or leg of ours has in Asterisk; empty: nothing of this kind."""

    caller: str = ""
    """Id of the channel to the telephone at the other end."""
    media: str = ""
    bridge: str = ""
    begins: bool = False
    """Asterisk is only being asked for the caller's channel: not to have it yet is no loss."""


@dataclass(frozen=True, slots=True)
class Differences:
    """What does not fit together."""

    lost_callers: frozenset[str]
    """Ids of callers' channels that a call believes in and Asterisk does not have."""
    stray_channels: frozenset[str]
    """Channels of our application that no call knows."""
    stray_bridges: frozenset[str]


def differences(
    app: str, channels: Collection[Channel], bridges: Iterable[Bridge], before: Iterable[Held], after: Iterable[Held]
) -> Differences:
    """Compare one look at Asterisk with our calls just `before` the look and some time `after` it.

    A call that began since is not lost, and a channel whose call began since is no stray. Only what is surely ours is
    touched: what our application holds, and ids that we made (`APP.media.…`, `APP.bridge.…`; an application's name has
    no dot, so that no other's can begin like ours).
    """
    present = {channel.id for channel in channels}
    known = list(after)
    known_channels = {held.caller for held in known} | {held.media for held in known}
    known_bridges = {held.bridge for held in known}
    return Differences(
        lost_callers=frozenset(
            held.caller for held in before if held.caller and not held.begins and held.caller not in present
        ),
        stray_channels=frozenset(
            channel.id
            for channel in channels
            if (channel.stasis_app == app or channel.id.startswith(f"{app}.")) and channel.id not in known_channels
        ),
        stray_bridges=frozenset(
            bridge.id for bridge in bridges if bridge.id.startswith(f"{app}.bridge.") and bridge.id not in known_bridges
        ),
    )
