"""A SIP telephone that answers and echoes, and misbehaves where a test asks for it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from types import TracebackType

from agent.testing.softphone import rtp, sdp
from agent.testing.softphone.sip import Headers, Request, Response, parse, respond, uri_of

Address = tuple[str, int]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, peer: Peer, *, sound: bool) -> None:
        self._peer = peer
        self._sound = sound

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._sound:
            self._peer.on_rtp(rtp.parse(data), addr)
        else:
            self._peer.on_sip(data, addr)


class Peer:
    """Listens on a free port. Set the attributes before the call."""

    def __init__(self, *, final: tuple[int, str] | None = (200, "OK"), delay_packets: int = 0) -> None:
        self.final = final
        """Answer to an INVITE; None: it rings on."""
        self.provisional = [(100, "Trying"), (180, "Ringing")]
        self.deaf_to: Counter[str] = Counter()
        """So many requests of a method go unheard."""
        self.delay_packets = delay_packets
        """The echo comes so many packets of 20 ms later."""
        self.lose_packets: set[int] = set()
        """Numbers of echoed packets that get lost."""
        self.sdp: bytes | None = None
        """In place of a good answer."""
        self.answer_headers: Headers = ()
        self.heard: asyncio.Queue[Request] = asyncio.Queue()
        """Requests, also those it was deaf to."""
        self.answers: asyncio.Queue[Response] = asyncio.Queue()
        self.packets: asyncio.Queue[rtp.Packet] = asyncio.Queue()
        self.invite: Request | None = None
        self.phone: Address = ("", 0)
        self.phone_rtp: Address = ("", 0)
        self._waiting: deque[rtp.Packet] = deque()
        self._echoed = 0
        self._sequence = 0
        self._cseq = 100

    async def __aenter__(self) -> Peer:
        loop = asyncio.get_running_loop()
        local = ("127.0.0.1", 0)
        self._sip, _ = await loop.create_datagram_endpoint(lambda: _Socket(self, sound=False), local_addr=local)
        self._rtp, _ = await loop.create_datagram_endpoint(lambda: _Socket(self, sound=True), local_addr=local)
        self.port: int = self._sip.get_extra_info("sockname")[1]
        self.rtp_port: int = self._rtp.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._sip.close()
        self._rtp.close()

    async def answered(self) -> Response:
        """The first answer to our latest request; repeated answers to earlier ones are passed over."""
        while (response := await self.answers.get()).cseq[0] != self._cseq:
            pass
        return response

    async def until(self, method: str) -> Request:
        """The next request of a method; others before it are forgotten."""
        while (request := await self.heard.get()).method != method:
            pass
        return request

    def on_sip(self, data: bytes, source: Address) -> None:
        message = parse(data)
        if isinstance(message, Response):
            self.answers.put_nowait(message)
            return
        self.phone = source
        self.heard.put_nowait(message)
        if self.deaf_to[message.method] > 0:
            self.deaf_to[message.method] -= 1
        elif message.method == "INVITE":
            self.invite = message
            self.phone_rtp = (sdp.parse(message.body).host, sdp.parse(message.body).port)
            for status, reason in self.provisional:
                self.send(respond(message, status, reason, to_tag="peer"))
            if self.final is not None:
                self.answer(*self.final)
        elif message.method in {"BYE", "CANCEL"}:
            self.send(respond(message, 200, "OK"))

    def answer(self, status: int, reason: str) -> None:
        """The final answer to the INVITE."""
        assert self.invite is not None
        body = b""
        headers = self.answer_headers
        if status < 300:
            good = sdp.build(host="127.0.0.1", port=self.rtp_port, session=1)
            body = good if self.sdp is None else self.sdp
            headers = (*headers, ("Contact", f"<sip:peer@127.0.0.1:{self.port}>"), ("Content-Type", "application/sdp"))
        self.send(respond(self.invite, status, reason, to_tag="peer", headers=headers, body=body))

    def ask(self, method: str, *, headers: Headers = (), body: bytes = b"", call_id: str = "") -> None:
        """A request of ours inside the call, or in that of another `call_id`."""
        assert self.invite is not None
        self._cseq += method != "ACK"
        common = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKpeer{self._cseq}"),
            ("From", f"{self.invite.get('To')};tag=peer"),
            ("To", self.invite.get("From")),
            ("Call-ID", call_id or self.invite.get("Call-ID")),
            ("CSeq", f"{self._cseq} {method}"),
            ("Contact", f"<sip:peer@127.0.0.1:{self.port}>"),
        )
        uri = uri_of(self.invite.get("Contact"))
        self.send(Request(headers=(*common, *headers), body=body, method=method, uri=uri))

    def send(self, message: Request | Response) -> None:
        self.send_raw(message.encode())

    def send_raw(self, data: bytes) -> None:
        self._sip.sendto(data, self.phone)

    def on_rtp(self, packet: rtp.Packet, source: Address) -> None:
        self.phone_rtp = source
        self.packets.put_nowait(packet)
        if packet.payload_type == sdp.PCMU:
            self._waiting.append(packet)
            while len(self._waiting) > self.delay_packets:
                old = self._waiting.popleft()
                if self._echoed not in self.lose_packets:
                    self.send_rtp(sdp.PCMU, self._echoed * rtp.FRAME, old.payload)
                else:
                    self._sequence += 1
                self._echoed += 1

    def send_rtp(self, kind: int, timestamp: int, payload: bytes) -> None:
        packet = rtp.Packet(kind, self._sequence & 0xFFFF, timestamp, 4711, payload)
        self._sequence += 1
        self._rtp.sendto(packet.encode(), self.phone_rtp)
