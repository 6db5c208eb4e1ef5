"""Trunks, as /v1/system shows them."""

from __future__ import annotations

from agent.api.models import ResponseModel
from agent.telephony.ami_state import Reach, Registration
from agent.telephony.trunk_states import TrunkState


class TrunkResource(ResponseModel):
    """One line to the outside."""

    name: str
    endpoint: str
    """Its name in Asterisk's pjsip configuration."""
    usable: bool
    """Whether calls can be expected to work over it; true where nothing is known."""
    known: bool
    """Whether Asterisk told how it stands."""
    registration: Registration
    """`none`: it needs none."""
    reach: Reach
    """`unknown`: Asterisk does not ask it (`qualify_frequency`)."""
    roundtrip_ms: float | None
    """What it took to answer last."""

    @classmethod
    def of(cls, state: TrunkState) -> TrunkResource:
        """For the public."""
        return cls(
            name=state.name,
            endpoint=state.endpoint,
            usable=state.usable,
            known=state.known,
            registration=state.registration,
            reach=state.reach,
            roundtrip_ms=state.roundtrip_ms,
        )
