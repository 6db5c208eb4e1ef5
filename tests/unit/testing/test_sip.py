"""SIP messages, digests and dialogs: bytes in, objects out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.digest import authorization, challenge, choose, parse_challenge, proves
from agent.testing.softphone.ending import q850_cause
from agent.testing.softphone.sip import (
    Request,
    Response,
    SipSyntaxError,
    parameter,
    parse,
    respond,
    split_list,
    uri_of,
    user_of,
)

INVITE = (
    b"INVITE sip:1000@127.0.0.1 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKabc;rport, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKdef\r\n"
    b'f: "A, B" <sip:alice@127.0.0.1;transport=udp>;tag=one\r\n'
    b"t: <sip:1000@127.0.0.1>\r\n"
    b"i: abc@127.0.0.1\r\n"
    b"CSEQ: 7 INVITE\r\n"
    b"Subject: folded\r\n over two lines\r\n"
    b"l: 3\r\n\r\nv=0"
)


def test_compact_names_lists_and_folding_are_understood() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:1000@127.0.0.1", b"v=0")
    assert [parameter(via, "branch") for via in message.all("Via")] == ["z9hG4bKabc", "z9hG4bKdef"]
    assert message.branch == "z9hG4bKabc"
    assert message.cseq == (7, "INVITE")
    assert parameter(message.get("From"), "tag") == "one"
    assert parameter(message.get("From"), "transport") == ""
    assert uri_of(message.get("From")) == "sip:alice@127.0.0.1;transport=udp"
    assert message.get("subject") == "folded over two lines"


def test_a_message_is_the_same_after_encoding_and_parsing() -> None:
    message = parse(INVITE)
    assert parse(message.encode()) == message


def test_an_answer_carries_the_requests_identity() -> None:
    request = parse(INVITE)
    assert isinstance(request, Request)
    answer = parse(respond(request, 486, "Busy Here", to_tag="two").encode())
    assert isinstance(answer, Response)
    assert (answer.status, answer.reason) == (486, "Busy Here")
    assert answer.branch == request.branch
    assert len(list(answer.all("Via"))) == 2
    assert parameter(answer.get("To"), "tag") == "two"
    assert (answer.get("Call-ID"), answer.cseq) == (request.get("Call-ID"), request.cseq)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"INVITE sip:1000@127.0.0.1 SIP/2.0\r\nVia: x",
        b"INVITE sip:1000@127.0.0.1 HTTP/1.1\r\n\r\n",
        b"SIP/2.0 abc OK\r\n\r\n",
        b"SIP/2.0 99 OK\r\n\r\n",
        b"SIP/2.0 900 OK\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nno colon here\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nabc",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\nabc",
        b"INVITE sip:a SIP/2.0\r\nFrom: \xff\xfe\r\n\r\n",
    ],
)
def test_what_is_no_sip_is_refused(datagram: bytes) -> None:
    with pytest.raises(SipSyntaxError):
        parse(datagram)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(tail: bytes) -> None:
    for datagram in (tail, INVITE[:60] + tail, b"SIP/2.0 200 OK\r\n" + tail):
        try:
            message = parse(datagram)
        except SipSyntaxError:
            continue
        assert message.branch is not None
        assert message.cseq[0] >= 0
        assert parameter(message.get("To"), "tag") is not None


def test_commas_in_quotes_and_brackets_do_not_separate() -> None:
    assert list(split_list('"x, y" <sip:a@b;p=1,2>;q=1, <sip:c@d>')) == ['"x, y" <sip:a@b;p=1,2>;q=1', "<sip:c@d>"]


def test_digest_of_rfc_7616() -> None:
    """The example of RFC 7616 3.9.1, both algorithms."""
    base = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm='
    )
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in expected.items():
        value = authorization(
            parse_challenge(base + algorithm),
            method="GET",
            uri="/dir/index.html",
            username="Mufasa",
            password="Circle of Life",
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        fields = parse_challenge(value)
        assert fields["response"] == response
        assert (fields["nc"], fields["qop"]) == ("00000001", "auth")
        assert fields["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_digest_without_qop_of_rfc_2069() -> None:
    """The example of RFC 2069 2.4, with the response as its errata 749 has it."""
    challenge = parse_challenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    value = authorization(
        challenge, method="GET", uri="/dir/index.html", username="Mufasa", password="CircleOfLife", cnonce="unused"
    )
    assert parse_challenge(value)["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert "cnonce" not in value


def test_who_answers_our_challenge_proves_it() -> None:
    answer = authorization(
        parse_challenge(challenge("here", "n1")),
        method="INVITE",
        uri="sip:1@h",
        username="me",
        password="right",
        cnonce="c",
    )
    right = {"method": "INVITE", "nonce": "n1", "username": "me", "password": "right"}
    assert proves(answer, **right)
    for wrong in ({"method": "BYE"}, {"nonce": "n2"}, {"username": "you"}, {"password": "wrong"}):
        assert not proves(answer, **{**right, **wrong})
    for broken in ("", "Basic x", answer.replace("nc=00000001", "nc=x"), answer.replace("sip:1@h", "sip:2@h")):
        assert not proves(broken, **right)


def test_the_first_challenge_that_can_be_answered_is_chosen() -> None:
    offers = [
        'Digest nonce="a", algorithm=SHA-512-256',
        "Basic realm=x",
        'Digest nonce="b", algorithm=SHA-256',
        'Digest nonce="c"',
    ]
    chosen = choose(offers)
    assert chosen is not None
    assert chosen["nonce"] == "b"
    assert choose(offers[:2]) is None


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ('Q.850;cause=16;text="Terminated"', 16),
        ('SIP;cause=200;text="a, b", Q.850 ;text="x";cause=34', 34),
        ("SIP;cause=600", None),
        ("", None),
    ],
)
def test_cause_of_a_reason_header(reason: str, cause: int | None) -> None:
    headers = (("Reason", reason),) if reason else ()
    assert q850_cause(Request(headers=headers, body=b"", method="BYE", uri="sip:a")) == cause


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:+4930123@127.0.0.1:5060;transport=udp", "+4930123"),
        ("sip:%2B49301;phone-context=x@h", "+49301"),
        ("sips:alice@h", "alice"),
        ("sip:h:5060", ""),
        ("", ""),
    ],
)
def test_user_of_a_uri(uri: str, user: str) -> None:
    assert user_of(uri) == user


def test_later_requests_of_a_dialog_follow_its_route() -> None:
    dialog = Dialog(
        call_id="c", local="<sip:a@h>;tag=1", remote="<sip:b@h>", target="sip:b@h", contact="sip:a@h:5070", sequence=1
    )
    headers = (
        ("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"),
        ("To", "<sip:b@h>;tag=2"),
        ("Contact", "<sip:b@10.0.0.2:5080>"),
    )
    dialog.establish(Response(headers=headers, body=b"", status=200, reason="OK"))
    bye = dialog.request("BYE", via="SIP/2.0/UDP h;branch=z9hG4bKx")
    assert bye.uri == "sip:b@10.0.0.2:5080"
    assert list(bye.all("Route")) == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (bye.get("To"), bye.cseq) == ("<sip:b@h>;tag=2", (2, "BYE"))
    assert dialog.remote_tag == "2"
    ack = dialog.request("ACK", via="v", sequence=1)
    assert ack.cseq == (1, "ACK")
    dialog.retarget("")
    assert dialog.target == "sip:b@10.0.0.2:5080"
