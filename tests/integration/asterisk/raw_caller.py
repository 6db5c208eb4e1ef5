"""Just enough SIP to see what Asterisk answers; knows nothing of passwords and little of RFC 3261."""

from __future__ import annotations

import asyncio
import re
import uuid
from types import TracebackType


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.messages.put_nowait(data)


class RawCaller:
    """One INVITE, and what becomes of it."""

    def __init__(self, sip_port: int, user: str = "stranger") -> None:
        self._to = ("127.0.0.1", sip_port)
        self._user = user
        self._call_id = uuid.uuid4().hex

    async def __aenter__(self) -> RawCaller:
        loop = asyncio.get_running_loop()
        local = ("127.0.0.1", 0)
        self._sip_transport, self._sip = await loop.create_datagram_endpoint(_Inbox, local_addr=local)
        self._rtp_transport, self.rtp = await loop.create_datagram_endpoint(_Inbox, local_addr=local)
        self._port = self._sip_transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._sip_transport.close()
        self._rtp_transport.close()

    async def invite(self, number: str) -> int:
        """The final answer's status code; it is acknowledged."""
        rtp_port = self._rtp_transport.get_extra_info("sockname")[1]
        sdp = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        self._send("INVITE", number, f"<sip:{number}@127.0.0.1>", "Content-Type: application/sdp\r\n", sdp)
        while True:
            answer = await self._next()
            status = int(answer.split(" ", 2)[1])
            if status >= 200:
                break
        to = re.search(r"^To: *(.+?)\r$", answer, re.M | re.I)
        assert to is not None
        self._send("ACK", number, to[1])
        return status

    async def hung_up(self) -> None:
        """Until the other side says BYE; it is answered."""
        while True:
            request = await self._next()
            if request.startswith("BYE "):
                headers = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", request, re.M | re.I)
                self._sip_transport.sendto(
                    f"SIP/2.0 200 OK\r\n{''.join(headers)}Content-Length: 0\r\n\r\n".encode(), self._to
                )
                return

    async def _next(self) -> str:
        return (await self._sip.messages.get()).decode("utf-8", "replace")

    def _send(self, method: str, number: str, to: str, more: str = "", body: str = "") -> None:
        request = (
            f"{method} sip:{number}@127.0.0.1:{self._to[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
            f"From: <sip:{self._user}@127.0.0.1>;tag={self._call_id[:8]}\r\nTo: {to}\r\nCall-ID: {self._call_id}\r\n"
            f"CSeq: 1 {method}\r\nContact: <sip:{self._user}@127.0.0.1:{self._port}>\r\nMax-Forwards: 70\r\n"
            f"{more}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._sip_transport.sendto(request.encode(), self._to)
