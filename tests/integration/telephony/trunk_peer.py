"""The other end of a trunk: answers REGISTER and OPTIONS as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

_COPIED = ("via", "from", "call-id", "cseq", "contact", "expires")


class TrunkPeer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.registers_answer = "200 OK"
        self._transport: asyncio.DatagramTransport

    @property
    def port(self) -> int:
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        lines = data.decode().split("\r\n")
        method = lines[0].split(" ")[0]
        status = self.registers_answer if method == "REGISTER" else "200 OK"
        headers = [line for line in lines[1:] if line.split(":")[0].lower() in _COPIED]
        headers += [line + ";tag=peer" for line in lines[1:] if line.lower().startswith("to:")]
        self._transport.sendto("\r\n".join([f"SIP/2.0 {status}", *headers, "Content-Length: 0", "", ""]).encode(), addr)


@asynccontextmanager
async def trunk_peer() -> AsyncIterator[TrunkPeer]:
    transport, peer = await asyncio.get_running_loop().create_datagram_endpoint(TrunkPeer, local_addr=("127.0.0.1", 0))
    try:
        yield peer
    finally:
        transport.close()
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the loop's next round
