"""What is sent again and when; time is only a number here."""

from __future__ import annotations

import pytest

from agent.testing.softphone.sip import Request, Response
from agent.testing.softphone.transactions import AnswerRepeater, ClientTransaction, State, cancel


def request(method: str) -> Request:
    headers = (
        ("Via", "SIP/2.0/UDP h:1;branch=z9hG4bKx"),
        ("Max-Forwards", "70"),
        ("Route", "<sip:p;lr>"),
        ("From", "<sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", f"5 {method}"),
        ("Contact", "<sip:a@h:1>"),
    )
    return Request(headers=headers, body=b"sdp", method=method, uri="sip:b@h")


def response(status: int) -> Response:
    return Response(headers=(("To", "<sip:b@h>;tag=2"),), body=b"", status=status, reason="x")


def run_until_silent(transaction: ClientTransaction | AnswerRepeater) -> tuple[list[float], float | None]:
    """When something was sent again, and when it gave up."""
    sent = []
    while transaction.due is not None:
        now = transaction.due
        step = transaction.on_timer(now)
        if step.send is not None:
            sent.append(now)
        if step.timed_out:
            return sent, now
    return sent, None


def test_an_invite_is_repeated_at_doubling_intervals_and_given_up_after_64_t1() -> None:
    """RFC 3261 17.1.1.2: at 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, timer B at 32 s."""
    sent, gave_up = run_until_silent(ClientTransaction(request("INVITE"), now=0))
    assert sent == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert gave_up == 32


def test_another_request_is_repeated_every_t2_at_most() -> None:
    """RFC 3261 17.1.2.2: 0.5, 1.5, 3.5, then each 4 s, timer F at 32 s."""
    sent, gave_up = run_until_silent(ClientTransaction(request("BYE"), now=0))
    assert sent == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert gave_up == 32


def test_after_a_provisional_answer_an_invite_waits_for_ever() -> None:
    transaction = ClientTransaction(request("INVITE"), now=0)
    assert transaction.on_response(response(180), 0.1).deliver
    assert transaction.state is State.PROCEEDING
    assert transaction.due is None
    transaction.expire(10)
    transaction.on_response(response(183), 11)
    assert run_until_silent(transaction) == ([], 42)


def test_after_a_provisional_answer_another_request_goes_on_slowly() -> None:
    transaction = ClientTransaction(request("BYE"), now=0)
    transaction.on_response(response(100), 0.1)
    sent, gave_up = run_until_silent(transaction)
    assert sent == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert gave_up == 32


def test_a_refused_invite_is_acknowledged_each_time() -> None:
    transaction = ClientTransaction(request("INVITE"), now=0)
    first = transaction.on_response(response(486), 1)
    assert first.deliver
    assert first.send is not None
    ack = first.send.decode()
    assert ack.startswith("ACK sip:b@h SIP/2.0\r\n")
    for line in ("branch=z9hG4bKx", "To: <sip:b@h>;tag=2", "CSeq: 5 ACK", "Route: <sip:p;lr>", "Content-Length: 0"):
        assert line in ack
    again = transaction.on_response(response(486), 2)
    assert (again.send, again.deliver) == (first.send, False)
    assert run_until_silent(transaction) == ([], None)
    assert transaction.state is State.TERMINATED


def test_an_accepted_invite_leaves_the_ack_to_the_call() -> None:
    transaction = ClientTransaction(request("INVITE"), now=0)
    step = transaction.on_response(response(200), 1)
    assert (step.deliver, step.send, transaction.state) == (True, None, State.TERMINATED)
    assert transaction.due is None


def test_a_final_answer_is_delivered_once() -> None:
    transaction = ClientTransaction(request("BYE"), now=0)
    assert transaction.on_response(response(200), 1).deliver
    assert not transaction.on_response(response(200), 2).deliver
    assert run_until_silent(transaction) == ([], None)


def test_a_timer_that_fires_early_does_nothing() -> None:
    transaction = ClientTransaction(request("BYE"), now=0)
    assert transaction.on_timer(0.4).send is None
    assert transaction.due == 0.5


def test_cancel_is_the_invites_sibling() -> None:
    """RFC 3261 9.1: same Via, From, To, Call-ID and number; the method alone differs."""
    invite = request("INVITE")
    sibling = cancel(invite)
    for name in ("Via", "From", "To", "Call-ID", "Route"):
        assert sibling.get(name) == invite.get(name)
    assert sibling.cseq == (5, "CANCEL")
    assert sibling.body == b""


@pytest.mark.parametrize("acknowledged", [True, False])
def test_an_answer_is_repeated_until_it_is_acknowledged(acknowledged: bool) -> None:
    repeater = AnswerRepeater(response(200), now=0)
    if acknowledged:
        repeater.on_acknowledged()
        assert run_until_silent(repeater) == ([], None)
    else:
        assert run_until_silent(repeater) == ([0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], 32)
