"""One look at the telephones and trunks that Asterisk has, through its manager interface."""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import TelephonyError
from agent.telephony.ami_link import AmiLink
from agent.telephony.ami_state import (
    Endpoint,
    Message,
    Trunk,
    contacts_of,
    endpoints_of,
    registrations_of,
    trunk_names,
    trunks_from,
)

_MOST_TRUNKS = 50
"""Each costs a request at every look."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What was seen, each by name."""

    endpoints: tuple[Endpoint, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    denied: frozenset[str] = frozenset()
    """Names of the actions that our user may not take: what they show is missing here."""


async def look(link: AmiLink) -> Lines:
    """All there is now. Raises TelephonyError."""
    denied: set[str] = set()

    async def listed(action: str, **headers: str) -> list[Message]:
        """The answer; empty where Asterisk refuses, which it also does when there is nothing to list."""
        try:
            return await link.ask(action, **headers)
        except TelephonyError as error:
            if error.code != "ami_refused":
                raise
            if "denied" in str(error):
                denied.add(action)
            return []

    registrations = registrations_of(await listed("PJSIPShowRegistrationsOutbound"))
    endpoints = endpoints_of(await listed("PJSIPShowEndpoints"))
    names = trunk_names(endpoints, registrations)
    contacts = [
        contact
        for name in sorted(names)[:_MOST_TRUNKS]
        for contact in contacts_of(await listed("PJSIPShowEndpoint", Endpoint=name))
    ]
    return Lines(
        tuple(item.endpoint for item in endpoints), trunks_from(names, registrations, contacts), frozenset(denied)
    )
