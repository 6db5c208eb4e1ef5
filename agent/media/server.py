"""The AudioSocket server: lets each expected UUID in once, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import structlog

from agent.errors import ConfigurationError, MediaError
from agent.media.clock import Clock
from agent.media.connection import Connection, Patience
from agent.media.ending import MediaEndKind
from agent.media.listener import Listener
from agent.media.metronome import Metronome
from agent.media.outcome import Outcome
from agent.media.stream import MediaStream

MAX_STRANGERS: Final = 256  # connections that sent no UUID yet; a burst of calls has each for milliseconds
SHUTTING_DOWN: Final = "The server is shutting down."

log = structlog.get_logger()


class Admission:
    """A call's claim to the connection that will bring its UUID."""

    def __init__(self, server: AudioSocketServer, uuid: UUID, clock: Clock) -> None:
        self.uuid = uuid
        self.context = structlog.contextvars.get_contextvars()
        """What log lines about the connection tell beside themselves: the call that waits for it."""
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
        self._listener: Listener | None = None
        self._closing = False
        self._expected: dict[UUID, Admission] = {}
        self._admitted: dict[UUID, Connection] = {}
        self._connections: set[Connection] = set()
        self._contexts: dict[UUID, Mapping[str, Any]] = {}
        self._sent = 0
        self._late = 0

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on. Raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError("the server is not started")
        return self._listener.address

    @property
    def streams(self) -> int:
        """Connections that were let in and still live."""
        return len(self._admitted)

    @property
    def frames_sent(self) -> int:
        """Frames of all streams so far, those that ended included."""
        return self._sent + sum(connection.playout.frames_sent for connection in self._admitted.values())

    @property
    def frames_late(self) -> int:
        """See FrameStatistics.late; of all streams so far."""
        return self._late + sum(connection.playout.frames_late for connection in self._admitted.values())

    async def start(self) -> None:
        """Listen. Raises ConfigurationError where the address cannot be had."""
        clock = self._time_source()
        beats = Metronome(clock)
        listener = Listener(lambda: Connection(beats, self._patience, self), clock)
        try:
            await listener.open(self._bind, self._port)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen for sound on {self._bind}:{self._port} ({error.strerror}): "
                "set media.bind and media.port to an address that is free."
            ) from error
        self._listener = listener
        log.info("media.listening", host=self.address[0], port=self.address[1])

    def expect(self, uuid: UUID) -> Admission:
        """Let `uuid` in when it comes. Raises ValueError while it is already expected or connected."""
        if uuid in self._expected or uuid in self._admitted:
            raise ValueError(f"{uuid} is already in use")
        admission = self._expected[uuid] = Admission(self, uuid, self._time_source())
        if self._closing:
            admission.fail(MediaError(SHUTTING_DOWN))
        return admission

    async def close(self) -> None:
        """Stop listening, refuse who waits, close all connections and wait until they are gone."""
        self._closing = True
        if self._listener is not None:
            await self._listener.close()
        for admission in list(self._expected.values()):
            admission.fail(MediaError(SHUTTING_DOWN))
        connections = list(self._connections)
        for connection in connections:
            connection.end(MediaEndKind.LOCAL, "the server closes")
        for connection in connections:
            await connection.gone

    def forget(self, admission: Admission) -> None:
        """Expect it no longer."""
        if self._expected.get(admission.uuid) is admission:
            del self._expected[admission.uuid]

    def _time_source(self) -> Clock:
        return self._clock if self._clock is not None else asyncio.get_running_loop()

    # What a connection calls.

    def opened(self, connection: Connection) -> bool:
        """Let it say who it is, unless too many others have not yet."""
        strangers = len(self._connections) - len(self._admitted)
        self._connections.add(connection)
        return not self._closing and strangers < MAX_STRANGERS

    def admitted(self, connection: Connection, uuid: UUID) -> bool:
        """Let it in where its call waits for it."""
        admission = self._expected.pop(uuid, None)
        if admission is None:
            return False
        self._admitted[uuid] = connection
        self._contexts[uuid] = admission.context
        admission.arrive(MediaStream(connection, uuid))
        log.debug("media.admitted", uuid=str(uuid))
        return True

    def gone(self, connection: Connection) -> None:
        """Forget it."""
        self._connections.discard(connection)
        end = connection.closed.result()
        if connection.uuid is None:
            log.warning("media.refused", kind=end.kind, detail=end.detail)
            return
        del self._admitted[connection.uuid]
        self._sent += connection.playout.frames_sent
        self._late += connection.playout.frames_late
        log.info(
            "media.ended",
            uuid=str(connection.uuid),
            kind=end.kind,
            detail=end.detail,
            sent=connection.playout.frames_sent,
            late=connection.playout.frames_late,
            received=connection.inbox.received,
            dropped=connection.inbox.dropped,
            **self._contexts.pop(connection.uuid),
        )
