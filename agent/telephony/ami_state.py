"""Telephones and trunks as AMI lists them, reduced to what is used. Pure.

AMI's answers also hold passwords of trunks (AuthDetail); nothing but the fields named here is ever read or kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

Message = Mapping[str, str]
"""Header → value of one AMI event. Names of headers in any case."""


class Registration(StrEnum):
    """How our registration at a provider stands."""

    NONE = "none"
    """This trunk needs none."""
    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    """Not yet, not any more, or it got no answer."""
    REJECTED = "rejected"
    """The provider refuses: see the trunk's user name and password."""
    STOPPED = "stopped"
    """Asterisk has given up, or was told to."""


class Reach(StrEnum):
    """Whether the other side answers."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    """Not asked: `qualify_frequency` of the aor is 0."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A telephone or trunk that PJSIP knows by name."""

    name: str
    state: str
    """Asterisk's device state, such as `Not in use`, `In use`, `Ringing`, `Unavailable`."""
    contacts: int
    """Addresses at which it can be called."""
    channels: int
    """Calls it has now."""

    @property
    def available(self) -> bool:
        """Whether it could be called now."""
        return self.contacts > 0 and self.state not in {"Unavailable", "Invalid", "Unknown"}


@dataclass(frozen=True, slots=True)
class Trunk:
    """A line to the outside."""

    name: str
    """Of the endpoint; of the registration where no endpoint belongs to it."""
    registration: Registration
    reach: Reach
    roundtrip_ms: float | None
    """Of the last OPTIONS request, where `qualify_frequency` has them sent."""

    @property
    def usable(self) -> bool:
        """Whether a call through it can be expected to work."""
        registered = self.registration in {Registration.NONE, Registration.REGISTERED}
        return registered and self.reach is not Reach.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of an endpoint, as `PJSIPShowEndpoint` tells it."""

    endpoint: str
    reach: Reach
    roundtrip_ms: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """An endpoint with what tells trunks from telephones."""

    endpoint: Endpoint
    has_inbound_auth: bool
    has_outbound_auth: bool


def endpoints_of(messages: Iterable[Message]) -> tuple[Listed, ...]:
    """The endpoints in the answer to `PJSIPShowEndpoints`, by name."""
    listed = [
        Listed(
            Endpoint(
                name=message["ObjectName"],
                state=message.get("DeviceState", "Unknown"),
                contacts=sum(1 for contact in message.get("Contacts", "").split(",") if contact.strip()),
                channels=_whole(message.get("ActiveChannels", "")),
            ),
            has_inbound_auth=bool(message.get("Auths", "").strip()),
            has_outbound_auth=bool(message.get("OutboundAuths", "").strip()),
        )
        for message in messages
        if message.get("Event") == "EndpointList"
    ]
    return tuple(sorted(listed, key=lambda item: item.endpoint.name))


def registrations_of(messages: Iterable[Message]) -> dict[str, Registration]:
    """Name of the endpoint, or of the registration where it names none → state, from the answer to
    `PJSIPShowRegistrationsOutbound`.
    """
    return {
        message.get("Endpoint", "").strip() or message["ObjectName"]: _registration(message.get("Status", ""))
        for message in messages
        if message.get("Event") == "OutboundRegistrationDetail"
    }


def contacts_of(messages: Iterable[Message]) -> tuple[Contact, ...]:
    """The contacts in the answer to `PJSIPShowEndpoint`."""
    return tuple(
        Contact(
            endpoint=message.get("EndpointName", ""),
            reach=_reach(message.get("Status", "")),
            roundtrip_ms=_milliseconds(message.get("RoundtripUsec", "")),
        )
        for message in messages
        if message.get("Event") == "ContactStatusDetail"
    )


def trunk_names(listed: Iterable[Listed], registrations: Mapping[str, Registration]) -> frozenset[str]:
    """Which endpoints are trunks: we register through them or log in to them, or they have a fixed address and no
    password, as a provider has. A telephone logs in to us.
    """
    return frozenset(
        item.endpoint.name
        for item in listed
        if item.endpoint.name in registrations
        or item.has_outbound_auth
        or (item.endpoint.contacts > 0 and not item.has_inbound_auth)
    )


def trunks_from(
    names: Iterable[str], registrations: Mapping[str, Registration], contacts: Iterable[Contact]
) -> tuple[Trunk, ...]:
    """Put the trunks together, by name; with several contacts the best one counts."""
    best: dict[str, Contact] = {}
    for contact in contacts:
        if contact.endpoint not in best or _rank(contact) < _rank(best[contact.endpoint]):
            best[contact.endpoint] = contact
    return tuple(
        Trunk(
            name=name,
            registration=registrations.get(name, Registration.NONE),
            reach=best[name].reach if name in best else Reach.UNKNOWN,
            roundtrip_ms=best[name].roundtrip_ms if name in best else None,
        )
        for name in sorted(set(names) | set(registrations))
    )


def _rank(contact: Contact) -> tuple[int, float]:
    order = (Reach.REACHABLE, Reach.UNKNOWN, Reach.UNREACHABLE)
    return order.index(contact.reach), contact.roundtrip_ms or 0.0


def _registration(status: str) -> Registration:
    try:
        return Registration(status.strip().lower())
    except ValueError:
        return Registration.UNREGISTERED


def _reach(status: str) -> Reach:
    return {"reachable": Reach.REACHABLE, "unreachable": Reach.UNREACHABLE}.get(status.strip().lower(), Reach.UNKNOWN)


def _milliseconds(microseconds: str) -> float | None:
    return int(microseconds) / 1000 if microseconds.isdecimal() and int(microseconds) else None


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0
