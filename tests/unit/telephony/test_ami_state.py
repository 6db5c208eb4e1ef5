"""Telephones and trunks, from messages as Asterisk 22.10.1 sends them."""

from __future__ import annotations

from panoramisk.message import Message

from agent.telephony.ami_state import (
    Contact,
    Endpoint,
    Reach,
    Registration,
    Trunk,
    contacts_of,
    endpoints_of,
    registrations_of,
    trunk_names,
    trunks_from,
)


def messages(*texts: str) -> list[Message]:
    return [Message.from_line(text.strip().replace("\n", "\r\n")) for text in texts]


def endpoint(name: str, *, contacts: str = "", auths: str = "", outbound: str = "", state: str = "Not in use") -> str:
    return (
        f"Event: EndpointList\nObjectType: endpoint\nObjectName: {name}\nTransport: \nAor: {name}\nAuths: {auths}\n"
        f"OutboundAuths: {outbound}\nContacts: {contacts}\nDeviceState: {state}\nActiveChannels: 2"
    )


def registration(name: str, status: str, *, of: str = "") -> str:
    return f"Event: OutboundRegistrationDetail\nObjectName: {name}\nEndpoint: {of}\nStatus: {status}"


RESPONSE = "Response: Success\nEventList: start\nMessage: A listing follows"
PASSWORD = "Event: AuthDetail\nObjectType: auth\nObjectName: line\nUsername: me\nPassword: the-password"
COMPLETE = "Event: EndpointListComplete\nEventList: Complete\nListItems: 2"


def test_endpoints() -> None:
    phone, trunk = endpoints_of(
        messages(
            RESPONSE,
            endpoint("trunk", contacts="trunk/sip:192.0.2.1:5060,", outbound="trunk"),
            PASSWORD,
            endpoint("phone", contacts="phone/sip:a,phone/sip:b,", auths="phone", state="Unavailable"),
            COMPLETE,
        )
    )
    assert phone.endpoint == Endpoint("phone", "Unavailable", contacts=2, channels=2)
    assert not phone.endpoint.available
    assert trunk.endpoint == Endpoint("trunk", "Not in use", contacts=1, channels=2)
    assert trunk.endpoint.available
    assert (phone.has_inbound_auth, phone.has_outbound_auth) == (True, False)
    assert (trunk.has_inbound_auth, trunk.has_outbound_auth) == (False, True)


def test_an_endpoint_without_the_usual_fields() -> None:
    (bare,) = endpoints_of(messages("Event: EndpointList\nObjectName: bare\nActiveChannels: many"))
    assert bare.endpoint == Endpoint("bare", "Unknown", contacts=0, channels=0)


def test_which_endpoints_are_trunks() -> None:
    listed = endpoints_of(
        messages(
            endpoint("telephone", contacts="telephone/sip:a,", auths="telephone"),
            endpoint("silent-telephone", auths="telephone"),
            endpoint("callers-without-password"),
            endpoint("provider-by-address", contacts="p/sip:192.0.2.1,"),
            endpoint("provider-by-password", contacts="q/sip:192.0.2.2,", auths="both", outbound="both"),
            endpoint("registered", auths="x"),
        )
    )
    names = trunk_names(listed, {"registered": Registration.REGISTERED})
    assert names == {"provider-by-address", "provider-by-password", "registered"}


def test_registrations_belong_to_their_endpoint_or_to_themselves() -> None:
    found = registrations_of(
        messages(
            RESPONSE,
            registration("reg-1", "Registered", of="trunk"),
            registration("reg-2", "Rejected"),
            registration("reg-3", "Unregistered"),
            registration("reg-4", "Stopped"),
            registration("reg-5", "Something new"),
            PASSWORD,
        )
    )
    assert found == {
        "trunk": Registration.REGISTERED,
        "reg-2": Registration.REJECTED,
        "reg-3": Registration.UNREGISTERED,
        "reg-4": Registration.STOPPED,
        "reg-5": Registration.UNREGISTERED,
    }


def test_contacts() -> None:
    assert contacts_of(
        messages(
            "Event: ContactStatusDetail\nEndpointName: a\nStatus: Reachable\nRoundtripUsec: 28492",
            "Event: ContactStatusDetail\nEndpointName: b\nStatus: Unreachable\nRoundtripUsec: N/A",
            "Event: ContactStatusDetail\nEndpointName: c\nStatus: NonQualified\nRoundtripUsec: 0",
            PASSWORD,
        )
    ) == (
        Contact("a", Reach.REACHABLE, 28.492),
        Contact("b", Reach.UNREACHABLE, None),
        Contact("c", Reach.UNKNOWN, None),
    )


def test_trunks_take_their_best_contact() -> None:
    trunks = trunks_from(
        {"a", "b"},
        {"a": Registration.REGISTERED, "alone": Registration.REJECTED},
        [
            Contact("a", Reach.UNREACHABLE, None),
            Contact("a", Reach.REACHABLE, 30.0),
            Contact("a", Reach.REACHABLE, 20.0),
            Contact("b", Reach.UNREACHABLE, None),
        ],
    )
    assert trunks == (
        Trunk("a", Registration.REGISTERED, Reach.REACHABLE, 20.0),
        Trunk("alone", Registration.REJECTED, Reach.UNKNOWN, None),
        Trunk("b", Registration.NONE, Reach.UNREACHABLE, None),
    )
    assert [trunk.usable for trunk in trunks] == [True, False, False]
