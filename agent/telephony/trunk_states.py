"""How the trunks of the configuration stand, by what Asterisk's manager interface tells of their endpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.settings import TrunkSettings
from agent.telephony.ami_state import Endpoint, Reach, Registration, Trunk


class TrunkSource(Protocol):
    """What is known now. See AmiMonitor."""

    def endpoints(self) -> Collection[Endpoint]:
        """All that PJSIP has; empty while not connected, or where we may not see them."""
        ...

    def trunks(self) -> Collection[Trunk]:
        """Those that lead outside."""
        ...


@dataclass(frozen=True, slots=True)
class TrunkState:
    """One trunk of the configuration."""

    name: str
    endpoint: str
    known: bool
    """Whether Asterisk was asked and answered; the rest means nothing otherwise."""
    configured: bool
    """Whether Asterisk has its endpoint."""
    registration: Registration
    reach: Reach
    roundtrip_ms: float | None
    """Of the last OPTIONS request, where Asterisk sends them."""

    @property
    def usable(self) -> bool:
        """Whether a call over it can be expected to work; what is not known is hoped for."""
        if not self.known:
            return True
        registered = self.registration in {Registration.NONE, Registration.REGISTERED}
        return self.configured and registered and self.reach is not Reach.UNREACHABLE

    @property
    def problem(self) -> str | None:
        """One sentence for a person; None where all is well."""
        if self.usable:
            return None
        if not self.configured:
            return f"The trunk {self.name} has no endpoint {self.endpoint} in Asterisk; add it to pjsip.conf."
        if self.reach is Reach.UNREACHABLE:
            return f"The trunk {self.name} does not answer; see its address, and `pjsip show contacts` in Asterisk."
        return (
            f"The trunk {self.name} is {self.registration} at its provider; see its user name and password, and "
            "`pjsip show registrations` in Asterisk."
        )


def states_of(
    settings: Mapping[str, TrunkSettings], endpoints: Collection[Endpoint], trunks: Collection[Trunk]
) -> list[TrunkState]:
    """How the trunks of the configuration stand, in its order. Without any endpoint nothing is known."""
    names = {endpoint.name for endpoint in endpoints}
    seen = {trunk.name: trunk for trunk in trunks}
    return [
        TrunkState(
            name=name,
            endpoint=one.endpoint,
            known=bool(names),
            configured=one.endpoint in names,
            registration=trunk.registration if trunk else Registration.NONE,
            reach=trunk.reach if trunk else Reach.UNKNOWN,
            roundtrip_ms=trunk.roundtrip_ms if trunk else None,
        )
        for name, one in settings.items()
        for trunk in [seen.get(one.endpoint)]
    ]


class TrunkStates:
    """Asks each time; keeps nothing."""

    def __init__(self, settings: Mapping[str, TrunkSettings], source: TrunkSource) -> None:
        self._settings = settings
        self._source = source

    def all(self) -> list[TrunkState]:
        """In the order of the configuration."""
        return states_of(self._settings, self._source.endpoints(), self._source.trunks())

    def known(self) -> Mapping[str, bool]:
        """Those of which Asterisk told how they stand, by name: whether each is usable."""
        return {state.name: state.usable for state in self.all() if state.known}

    def is_reachable(self, name: str) -> bool:
        """Whether calls should go over a trunk; True for one that nothing is known of."""
        return self.known().get(name, True)

    def problems(self) -> list[str]:
        """What a person should know, one sentence each."""
        return [problem for state in self.all() if (problem := state.problem)]
