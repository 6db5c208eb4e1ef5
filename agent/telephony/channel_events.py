"""What events say of a channel."""

from __future__ import annotations

from agent.telephony.ari_events import AriEvent

_SHUTDOWN_FLAG = 4
"""AST_SOFTHANGUP_SHUTDOWN of Asterisk's channel.h. With `soft`, `cause` of ChannelHangupRequest holds these flags and
no Q.850 cause (seen with 22.10.1 on `core stop now`, `core restart now` and SIGTERM)."""
_DEVICE_FLAG = 1
"""AST_SOFTHANGUP_DEV, likewise: the SIP channel gave itself up. Seen with 22.10.1 when no RTP came for `rtp_timeout`;
the ChannelDestroyed that follows has the cause 44. A telephone's BYE is no soft hang-up and has no such flags."""


def channel_of(event: AriEvent) -> str:
    """Id of the channel that the event is about, empty where it is about none; of a Dial event the one dialled."""
    channel = event.get("peer" if event["type"] == "Dial" else "channel")
    found = channel.get("id") if isinstance(channel, dict) else None
    return found if isinstance(found, str) else ""


def asterisk_stops(event: AriEvent) -> bool:
    """Whether a ChannelHangupRequest says that Asterisk itself stops."""
    return bool(event.get("soft")) and number(event.get("cause")) == _SHUTDOWN_FLAG


def telephone_fell_silent(event: AriEvent) -> bool:
    """Whether a ChannelHangupRequest says that no sound came any more."""
    return bool(event.get("soft")) and number(event.get("cause")) == _DEVICE_FLAG


def number(value: object) -> int | None:
    """A whole number of an event."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
