"""The softphone's SIP socket: runs the transactions and gives every message to the call that it belongs to."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from agent.testing.softphone.sip import Request, Response, SipSyntaxError, parse, respond
from agent.testing.softphone.transactions import T1_S, AnswerRepeater, ClientTransaction, Step

log = structlog.get_logger()

Address = tuple[str, int]
REMEMBERED_ANSWERS = 256  # requests whose repetition is answered from memory; bounds what a flood can take


class Handler(Protocol):
    """A call, as the socket sees it."""

    def on_request(self, request: Request, source: Address) -> None:
        """A request of this call that is new to us; never an ACK."""

    def on_repeated_answer(self, response: Response) -> None:
        """A 2xx to an INVITE whose transaction is over: our ACK was lost."""


Stranger = Callable[[Request, Address], bool]
"""Is shown a request that belongs to no call; True: it has taken care of it."""


class SipWire(asyncio.DatagramProtocol):
    """One UDP socket. Made by `open`; `close` drops every transaction."""

    def __init__(self, t1_s: float = T1_S) -> None:
        self.address: Address = ("", 0)
        """Where the socket listens."""
        self.on_stranger: Stranger = _nobody
        self._t1 = t1_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = self._loop.create_future()
        self._handlers: dict[str, Handler] = {}
        self._running: dict[tuple[str, str], _Running] = {}
        self._repeaters: dict[tuple[str, int], _Repeating] = {}
        self._answered: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    @classmethod
    async def open(cls, host: str, port: int = 0, *, t1_s: float = T1_S) -> SipWire:
        """A socket on a port of `host`; 0 takes any free one. Raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_datagram_endpoint(lambda: cls(t1_s), local_addr=(host, port))
        return wire

    def attach(self, call_id: str, handler: Handler) -> None:
        """From now on `handler` gets the messages of this call."""
        self._handlers[call_id] = handler

    def detach(self, call_id: str) -> None:
        """The call is over; what still comes for it is answered 481."""
        self._handlers.pop(call_id, None)
        for key in [key for key in self._repeaters if key[0] == call_id]:
            self._drop_repeater(key)

    def send(self, data: bytes, to: Address) -> None:
        """One datagram, at once."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)

    def request(
        self, request: Request, to: Address, *, on_response: Callable[[Response], None], on_timeout: Callable[[], None]
    ) -> None:
        """Send a request and repeat it as it takes. One of the callbacks gets the final outcome."""
        transaction = ClientTransaction(request, now=self._loop.time(), t1_s=self._t1)
        running = _Running(transaction, to, on_response, on_timeout)
        self._running[(request.branch, request.method)] = running
        self.send(request.encode(), to)
        self._arm(running)

    def expire(self, request: Request) -> None:
        """An INVITE is being cancelled: give up on it if its final answer does not come soon."""
        running = self._running.get((request.branch, request.method))
        if running is not None:
            running.transaction.expire(self._loop.time())
            self._arm(running)

    def answer(self, request: Request, response: Response, to: Address) -> None:
        """Answer a request, and again the same whenever it is repeated."""
        data = response.encode()
        self._answered[(request.branch, request.method)] = data
        while len(self._answered) > REMEMBERED_ANSWERS:
            self._answered.popitem(last=False)
        self.send(data, to)

    def answer_invite(
        self, request: Request, response: Response, to: Address, *, on_done: Callable[[bool], None] | None = None
    ) -> None:
        """Give an INVITE its final answer, again and again until it is acknowledged.

        `on_done` is told whether it was; neither, where `detach` or `close` comes first.
        """
        self.answer(request, response, to)
        key = (request.get("Call-ID"), request.cseq[0])
        repeater = AnswerRepeater(response, now=self._loop.time(), t1_s=self._t1)
        self._repeaters[key] = _Repeating(repeater, to, on_done)
        self._arm_repeater(key)

    async def close(self) -> None:
        """Close the socket. What is still unanswered stays so."""
        for running in self._running.values():
            running.disarm()
        self._running.clear()
        for key in list(self._repeaters):
            self._drop_repeater(key)
        if self._transport is not None:
            self._transport.close()
            await self._closed

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as DatagramProtocol
        """Called by asyncio."""
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by asyncio."""
        self._closed.set_result(None)

    def error_received(self, error: Exception) -> None:
        """Called by asyncio: an earlier datagram was refused. The timers notice it."""
        log.debug("softphone.send_refused", error=str(error))

    def datagram_received(self, data: bytes, source: Address) -> None:
        """Called by asyncio."""
        if not data.strip(b"\r\n\0"):
            return  # keep-alive
        try:
            message = parse(data)
        except SipSyntaxError as error:
            log.warning("softphone.malformed", error=str(error))
            return
        if isinstance(message, Response):
            self._on_response(message)
        else:
            self._on_request(message, source)

    def _on_response(self, response: Response) -> None:
        running = self._running.get((response.branch, response.cseq[1]))
        handler = self._handlers.get(response.get("Call-ID"))
        if running is not None:
            self._follow(running, running.transaction.on_response(response, self._loop.time()), response)
        elif handler is not None and response.cseq[1] == "INVITE" and 200 <= response.status < 300:
            handler.on_repeated_answer(response)

    def _on_request(self, request: Request, source: Address) -> None:
        handler = self._handlers.get(request.get("Call-ID"))
        if request.method == "ACK":
            self._end_repeater((request.get("Call-ID"), request.cseq[0]), acknowledged=True)
            return
        again = self._answered.get((request.branch, request.method))
        if again is not None:
            self.send(again, source)
        elif handler is not None:
            handler.on_request(request, source)
        elif self.on_stranger(request, source):
            return
        elif request.method == "OPTIONS":
            self.answer(request, respond(request, 200, "OK", to_tag="softphone"), source)
        elif request.method == "INVITE":
            self.answer(request, respond(request, 480, "Temporarily Unavailable", to_tag="softphone"), source)
        else:
            self.answer(request, respond(request, 481, "Call/Transaction Does Not Exist", to_tag="softphone"), source)

    def _follow(self, running: _Running, step: Step, response: Response | None = None) -> None:
        if step.send is not None:
            self.send(step.send, running.to)
        self._arm(running)
        if step.timed_out:
            running.on_timeout()
        elif step.deliver and response is not None:
            running.on_response(response)

    def _arm(self, running: _Running) -> None:
        running.disarm()
        due = running.transaction.due
        if due is not None:
            running.timer = self._loop.call_at(due, self._on_timer, running)
        elif running.transaction.state == "terminated":
            self._running.pop((running.transaction.request.branch, running.transaction.request.method), None)

    def _on_timer(self, running: _Running) -> None:
        self._follow(running, running.transaction.on_timer(self._loop.time()))

    def _arm_repeater(self, key: tuple[str, int]) -> None:
        repeating = self._repeaters[key]
        due = repeating.repeater.due
        if due is not None:
            repeating.timer = self._loop.call_at(due, self._on_repeat, key)

    def _on_repeat(self, key: tuple[str, int]) -> None:
        repeating = self._repeaters[key]
        step = repeating.repeater.on_timer(self._loop.time())
        if step.send is not None:
            self.send(step.send, repeating.to)
        self._arm_repeater(key)
        if step.timed_out:
            self._end_repeater(key, acknowledged=False)

    def _end_repeater(self, key: tuple[str, int], *, acknowledged: bool) -> None:
        repeating = self._drop_repeater(key)
        if repeating is not None and repeating.on_done is not None:
            repeating.on_done(acknowledged)

    def _drop_repeater(self, key: tuple[str, int]) -> _Repeating | None:
        repeating = self._repeaters.pop(key, None)
        if repeating is not None and repeating.timer is not None:
            repeating.timer.cancel()
        return repeating


def _nobody(_request: Request, _source: Address) -> bool:
    return False


@dataclass(slots=True)
class _Repeating:
    """A final answer of ours until it is acknowledged."""

    repeater: AnswerRepeater
    to: Address
    on_done: Callable[[bool], None] | None
    timer: asyncio.TimerHandle | None = None


class _Running:
    """A client transaction and who waits for it."""

    def __init__(
        self,
        transaction: ClientTransaction,
        to: Address,
        on_response: Callable[[Response], None],
        on_timeout: Callable[[], None],
    ) -> None:
        self.transaction = transaction
        self.to = to
        self.on_response = on_response
        self.on_timeout = on_timeout
        self.timer: asyncio.TimerHandle | None = None

    def disarm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
