"""The AudioSocket server: lets each expected UUID in once, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import structlog

from agent.errors import ConfigurationError, MediaError
from agent.media.clock import Clock
from agent.media.connection import Connection, Patience
from agent.media.ending import MediaEndKind
from agent.media.outcome import Outcome
from agent.media.stream import MediaStream

MAX_STRANGERS: Final = 256  # connections that sent no UUID yet; a burst of calls has each for milliseconds
BACKLOG: Final = 512

log = structlog.get_logger()


class Admission:
    """A call's claim to the connection that will bring its UUID."""

    def __init__(self, server: AudioSocketServer, uuid: UUID, clock: Clock) -> None:
        self.uuid = uuid
        self._server = server
        self._clock = clock
        self._arrival: Outcome[MediaStream | MediaError] = Outcome()
        self._taken = False

    async def stream(self, timeout_s: float) -> MediaStream:
        """The call's stream, which belongs to the caller of this from here on.

        Raises MediaError where it does not come in time (`media_timeout`), or after `cancel` or the server's close.
        The claim is given up then, and also when the waiting task is cancelled.
        """
        timer = self._clock.call_at(self._clock.time() + timeout_s, self._expire)
        try:
            arrival = await self._arrival
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            timer.cancel()
        if isinstance(arrival, MediaError):
            raise arrival
        self._taken = True
        return arrival

    def cancel(self) -> None:
        """Give the claim up; a stream that has come but was not taken is closed."""
        self.fail(MediaError("The call no longer waits for its sound."))
        arrival = self._arrival.result()
        if isinstance(arrival, MediaStream) and not self._taken:
            arrival.hang_up("nobody took it")

    def arrive(self, stream: MediaStream) -> None:
        """The connection came."""
        self._arrival.settle(stream)

    def fail(self, error: MediaError) -> None:
        """No connection will come."""
        self._server.forget(self)
        self._arrival.settle(error)

    def _expire(self) -> None:
        message = "Asterisk did not connect the sound of a call in time: check that it reaches media.advertise."
        self.fail(MediaError(message, code="media_timeout"))


class AudioSocketServer:
    """Listens for Asterisk. A UUID is let in once, and only while its call waits for it.

    AudioSocket knows no passwords: bind to loopback or a private network.
    """

    def __init__(
        self,
        bind: str,
        port: int,
        *,
        stall_timeout_s: float = 10.0,
        hello_timeout_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._bind = bind
        self._port = port
        self._patience = Patience(hello_s=hello_timeout_s, stall_s=stall_timeout_s)
        self._clock = clock
        self._listener: asyncio.Server | None = None
        self._expected: dict[UUID, Admission] = {}
        self._admitted: dict[UUID, Connection] = {}
        self._connections: set[Connection] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on. Raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError("the server is not started")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    @property
    def streams(self) -> int:
        """Connections that were let in and still live."""
        return len(self._admitted)

    async def start(self) -> None:
        """Listen. Raises ConfigurationError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(self._accept, self._bind, self._port, backlog=BACKLOG)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen for sound on {self._bind}:{self._port} ({error.strerror}): "
                "set media.bind and media.port to an address that is free."
            ) from error
        log.info("media.listening", host=self.address[0], port=self.address[1])

    def expect(self, uuid: UUID) -> Admission:
        """Let `uuid` in when it comes. Raises ValueError while it is already expected or connected."""
        if uuid in self._expected or uuid in self._admitted:
            raise ValueError(f"{uuid} is already in use")
        admission = self._expected[uuid] = Admission(self, uuid, self._now())
        return admission

    async def close(self) -> None:
        """Stop listening, refuse who waits, close all connections and wait until they are gone."""
        if self._listener is not None:
            self._listener.close()
        for admission in list(self._expected.values()):
            admission.fail(MediaError("The server is shutting down."))
        connections = list(self._connections)
        for connection in connections:
            connection.end(MediaEndKind.LOCAL, "the server closes")
        for connection in connections:
            await connection.gone
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None

    def forget(self, admission: Admission) -> None:
        """Expect it no longer."""
        if self._expected.get(admission.uuid) is admission:
            del self._expected[admission.uuid]

    def _now(self) -> Clock:
        return self._clock if self._clock is not None else asyncio.get_running_loop()

    def _accept(self) -> asyncio.BaseProtocol:
        if len(self._connections) - len(self._admitted) >= MAX_STRANGERS:
            log.warning("media.crowded", strangers=MAX_STRANGERS)
            return _Refusal()
        connection = Connection(self._now(), self._patience, self._admit, self._gone)
        self._connections.add(connection)
        return connection

    def _admit(self, connection: Connection, uuid: UUID) -> bool:
        admission = self._expected.pop(uuid, None)
        if admission is None:
            return False
        self._admitted[uuid] = connection
        admission.arrive(MediaStream(connection, uuid))
        log.debug("media.admitted", uuid=str(uuid))
        return True

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        end = connection.closed.result()
        if connection.uuid is None:
            log.warning("media.refused", kind=end.kind, detail=end.detail)
            return
        del self._admitted[connection.uuid]
        log.info(
            "media.ended",
            uuid=str(connection.uuid),
            kind=end.kind,
            detail=end.detail,
            sent=connection.playout.frames_sent,
            late=connection.playout.frames_late,
            received=connection.inbox.received,
            dropped=connection.inbox.dropped,
        )


class _Refusal(asyncio.Protocol):
    """Closes a connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
