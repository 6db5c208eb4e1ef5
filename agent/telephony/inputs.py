"""What reaches a conversation beside the sound, and the keys that it may press itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from agent.domain.commands import Command

if TYPE_CHECKING:
    from agent.telephony.call_control import CallControl

log = structlog.get_logger()

_MOST_DIGITS = 256
"""A caller who holds a key down must not fill our memory; nobody dials more at once."""

_MOST_COMMANDS = 32
"""More that wait in one call are refused."""


class ChannelInputs:
    """Keys the caller pressed, what the back end asks, the wish that the call should end, and a way to press keys.

    Belongs to one call and one event loop.
    """

    def __init__(self, press: Callable[[str], Awaitable[None]]) -> None:
        self.digits: asyncio.Queue[str] = asyncio.Queue(_MOST_DIGITS)
        """0-9, *, #, A-D, in the order in which they were pressed."""
        self.commands: asyncio.Queue[Command] = asyncio.Queue(_MOST_COMMANDS)
        """What the back end asks of the conversation, in order."""
        self.closing = asyncio.Event()
        """Set when the server is to stop: say goodbye and return `EndedReason.SERVER_SHUTDOWN` soon."""
        self.control: CallControl | None = None
        """Takes the caller to music and to others, once the call has a session."""
        self.press = press
        """Press keys towards the caller's side; see `agent.telephony.keys.press_keys`."""

    def pressed(self, digit: str) -> None:
        """The caller pressed a key; the newest is dropped where nobody has read the last 256."""
        try:
            self.digits.put_nowait(digit)
        except asyncio.QueueFull:
            log.debug("telephony.digit_dropped")
