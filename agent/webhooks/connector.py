"""Names to addresses, and connections to none but allowed ones.

A name is looked up when an endpoint is created and again for a connection, and may answer otherwise then. So the
address itself is checked once more where the socket for it is made: no name, cache or spelling goes past that.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from agent.webhooks.targets import TargetError, TargetPolicy

Lookup = Callable[[str, int], Awaitable[list[AddrInfoType]]]
"""A host name or a numeric address, and a port, to what `socket.getaddrinfo` returns; raises OSError."""

LOOKUP_THREADS = 16
"""Of our own: a name server that does not answer holds up no other part, nor other endpoints below so many."""
LOOKUP_S = 10
"""A lookup counts for so long; the connector asks only once for those who wait for the same name."""
IDLE_CONNECTION_S = 5
"""Rails' web servers close idle connections after 20 s; we let go earlier, so as not to meet one that is closing."""


class RefusedAddressError(OSError):
    """An address is not allowed, in the form that aiohttp expects of a failed connection."""

    def __init__(self, refusal: TargetError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Targets(AbstractResolver):
    """Looks names up and keeps to the policy."""

    def __init__(self, policy: TargetPolicy, lookup: Lookup | None = None) -> None:
        self.policy = policy
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, "webhook-dns")
        self._lookup = lookup or self._getaddrinfo

    async def check(self, url: str) -> None:
        """Whether an endpoint may have this URL: itself, and all addresses of its host now. Raises TargetError."""
        parsed = self.policy.check_url(url)
        try:
            found = await self._lookup(parsed.host or "", parsed.port or 0)
        except (OSError, UnicodeError):
            raise TargetError(
                "The host of the URL has no address; see that its name is right and can be looked up here.",
                code="webhook_target_unresolved",
            ) from None
        for info in found:
            self.policy.check_address(str(info[4][0]))

    def connector(self) -> aiohttp.TCPConnector:
        """For an aiohttp session of the running event loop. Senders limit themselves: it has no limit of its own."""
        return aiohttp.TCPConnector(
            resolver=self,
            socket_factory=self._socket,
            ttl_dns_cache=LOOKUP_S,
            keepalive_timeout=IDLE_CONNECTION_S,
            limit=0,
        )

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of a host. Raises OSError: RefusedAddressError where it has others only."""
        allowed: list[ResolveResult] = []
        refusal: TargetError | None = None
        for found, _kind, proto, _name, address in await self._lookup(host, port):
            if family not in {socket.AF_UNSPEC, found}:
                continue
            try:
                self.policy.check_address(str(address[0]))
            except TargetError as error:
                refusal = error
                continue
            numeric = {"host": str(address[0]), "port": int(address[1]), "family": int(found), "proto": proto}
            flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            allowed.append(ResolveResult(hostname=host, flags=flags, **numeric))  # type: ignore[typeddict-item]
        if not allowed:
            raise RefusedAddressError(refusal) if refusal else OSError("The host has no address.")
        return allowed

    async def close(self) -> None:
        """Let the threads end; a lookup that hangs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _getaddrinfo(self, host: str, port: int) -> list[AddrInfoType]:
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        return list(await asyncio.get_running_loop().run_in_executor(self._threads, ask))

    def _socket(self, info: AddrInfoType) -> socket.socket:
        try:
            self.policy.check_address(str(info[4][0]))
        except TargetError as error:
            raise RefusedAddressError(error) from error
        return socket.socket(info[0], info[1], info[2])
