"""Who takes a call, where somebody else decides that: asked while the caller hears ringing."""

from __future__ import annotations

from typing import Protocol

from agent.domain.call import Call, EndedReason
from agent.domain.lookup import Lookup, Refusal
from agent.telephony.ending import CALL_REJECTED, USER_BUSY, Ending

PREPARE_S = 2.0
"""A caller whose greeting is not ready after so long is answered all the same, and hears it a little later."""


class Reception(Protocol):
    """Knows whom to ask. Neither method may raise."""

    def asks_about(self, call: Call) -> bool:
        """Whether somebody is to be asked."""
        ...

    async def ask(self, call: Call) -> tuple[Call, Lookup]:
        """The call with the agent that takes it, and what came of asking. Bounded in time."""
        ...

    async def prepare(self, call: Call) -> None:
        """Make ready what the caller hears first."""
        ...


def refused(refusal: Refusal) -> Ending:
    """How a caller goes whom the application does not want answered."""
    cause = USER_BUSY if refusal is Refusal.BUSY else CALL_REJECTED
    return Ending(EndedReason.REJECTED, refusal=cause)
