from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from agent.settings import TrunkSettings
from agent.telephony.ami_state import Endpoint, Reach, Registration, Trunk
from agent.telephony.trunk_states import TrunkStates

ONE = TrunkSettings(endpoint="line")


@dataclass
class Source:
    connected: bool = True
    names: tuple[str, ...] = ("line", "phone")
    known: list[Trunk] = field(default_factory=list)

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(name, "Not in use", 1, 0) for name in self.names]

    def trunks(self) -> list[Trunk]:
        return self.known


@pytest.mark.parametrize(
    ("registration", "reach", "usable", "says"),
    [
        (Registration.REGISTERED, Reach.REACHABLE, True, ""),
        (Registration.NONE, Reach.UNKNOWN, True, ""),
        (Registration.NONE, Reach.UNREACHABLE, False, "does not answer"),
        (Registration.REJECTED, Reach.REACHABLE, False, "rejected at its provider"),
        (Registration.UNREGISTERED, Reach.UNKNOWN, False, "unregistered at its provider"),
    ],
)
def test_what_is_usable(registration: Registration, reach: Reach, usable: bool, says: str) -> None:
    states = TrunkStates({"one": ONE}, Source(known=[Trunk("line", registration, reach, 12.5)]))
    [state] = states.all()
    assert (state.usable, states.is_reachable("one"), state.roundtrip_ms) == (usable, usable, 12.5)
    assert [says in problem for problem in states.problems()] == ([] if usable else [True])


def test_an_endpoint_that_asterisk_does_not_have() -> None:
    states = TrunkStates({"one": ONE}, Source(names=("phone",)))
    assert states.problems() == ["The trunk one has no endpoint line in Asterisk; add it to pjsip.conf."]
    assert not states.is_reachable("one")


@pytest.mark.parametrize("source", [Source(connected=False, names=()), Source(names=())])
def test_what_is_not_known_is_hoped_for(source: Source) -> None:
    states = TrunkStates({"one": ONE}, source)
    assert [(state.known, state.usable) for state in states.all()] == [(False, True)]
    assert states.is_reachable("one")
    assert states.known() == {}
    assert states.problems() == []
