"""One TCP connection from Asterisk: sends from accept to close, takes what comes, and ends for exactly one reason."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Final, Protocol, cast
from uuid import UUID

from agent.media.audiosocket import HANGUP, Decoder, Frame, FrameError, Kind
from agent.media.clock import Clock, Timer
from agent.media.ending import MediaEnd, MediaEndKind
from agent.media.inbox import Inbox
from agent.media.outcome import Outcome
from agent.media.playout import Playout
from agent.media.tap import Tap

RECEIVE_BYTES: Final = 8192  # half a second of sound: one read takes what a short stall of ours left behind
SEND_BUFFER_BYTES: Final = 8192  # the kernel doubles it; a peer that stops reading must not gather seconds of sound
NOT_READING_SLOTS: Final = 100  # 2 s without one frame taken
LINGER_S: Final = 0.5  # so long the peer may take to close after our hang-up


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may be silent."""

    hello_s: float = 5.0
    """From accept to the UUID."""
    stall_s: float = 10.0
    """Between frames."""


class Door(Protocol):
    """Who decides about connections. Each method is called once for each, in this order."""

    def opened(self, connection: Connection) -> bool:
        """It was made; False: close it at once."""
        ...

    def admitted(self, connection: Connection, uuid: UUID) -> bool:
        """It said who it is; False: send it away. Not called where it ends before."""
        ...

    def gone(self, connection: Connection) -> None:
        """Its socket is closed."""
        ...


class Connection(asyncio.BufferedProtocol):
    """The wire side of a stream."""

    def __init__(self, clock: Clock, patience: Patience, door: Door) -> None:
        self.inbox = Inbox()
        self.tap = Tap(clock)
        self.playout = Playout(self, clock, self.tap.played)
        self.closed: Outcome[MediaEnd] = Outcome()
        """Set as soon as the stream is over."""
        self.gone: Outcome[None] = Outcome()
        """Set once the socket is closed, which is after `closed`."""
        self.uuid: UUID | None = None
        self._clock = clock
        self._patience = patience
        self._door = door
        self._decoder = Decoder()
        self._received = bytearray(RECEIVE_BYTES)
        self._heard_at = 0.0
        self._withheld = 0
        self._resting = False
        self._watch: Timer | None = None
        self._transport: asyncio.Transport

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to send at once: Asterisk may deadlock while it waits for a first frame."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._door.opened(self):
            self.end(MediaEndKind.REFUSED, "not now")
            self._transport.abort()
            return
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._watch = self._clock.call_at(self._clock.time() + self._patience.hello_s, self._check_hello)
        self.tap.start()
        self.playout.start()

    def get_buffer(self, _sizehint: int) -> bytearray:
        """One buffer for the life of the connection."""
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; after the end nothing counts any more."""
        if self.closed.done():
            return
        self._decoder.feed(bytes(self._received[:nbytes]))
        try:
            while (frame := self._decoder.next_frame()) is not None:
                self._take(frame)
        except FrameError as error:
            self.end(MediaEndKind.MALFORMED, str(error))

    def eof_received(self) -> None:
        """The peer sends no more; asyncio closes the transport."""
        if self._decoder.pending:
            self.end(MediaEndKind.MALFORMED, "the connection ended inside a frame")
        else:
            self.end(MediaEndKind.PEER_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self.end(MediaEndKind.RESET, str(exc) if exc else "")
        if self._watch is not None:
            self._watch.cancel()
        self.gone.settle(None)
        self._door.gone(self)

    # What the stream calls.

    def rest(self) -> None:
        """No frames are expected until `wake`."""
        self._resting = True

    def wake(self) -> None:
        """They are again, from now on."""
        self._resting = False
        self._heard_at = self._clock.time()

    # What the playout calls.

    def ready(self) -> bool:
        """Whether the kernel took all that was written."""
        return not self._transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        """Send one frame in one write."""
        self._withheld = 0
        self._transport.write(frame)

    def withheld(self) -> None:
        """A slot passed because the peer does not read."""
        self._withheld += 1
        if self._withheld >= NOT_READING_SLOTS:
            self.end(MediaEndKind.NOT_READING, f"no frame was taken for {NOT_READING_SLOTS} slots of 20 ms")

    def end(self, kind: MediaEndKind, detail: str = "") -> None:
        """End the stream; the first reason given counts. The socket follows at once, or within LINGER_S."""
        if self.closed.done():
            return
        self.playout.close()
        self.inbox.close()
        self.tap.close()
        self.closed.set_result(MediaEnd(kind, detail))
        if self._watch is not None:
            self._watch.cancel()
        if kind in {MediaEndKind.RESET, MediaEndKind.NOT_READING}:
            self._transport.abort()
        elif kind in {MediaEndKind.PEER_CLOSED, MediaEndKind.PEER_HANGUP}:
            self._transport.close()
        else:
            self._hang_up()
        self._watch = self._clock.call_at(self._clock.time() + LINGER_S, self._transport.abort)

    def _hang_up(self) -> None:
        """Hang-up frame, then FIN; the peer's FIN closes the socket, so nothing of its is answered with a reset."""
        self._transport.write(HANGUP)
        try:
            self._transport.write_eof()
        except OSError:  # the peer is gone, which asyncio has not seen yet
            self._transport.abort()

    def _take(self, frame: Frame) -> None:
        self._heard_at = self._clock.time()
        match frame.kind:
            case Kind.SLIN_8K:
                self.inbox.put(frame.payload)
                self.tap.heard(frame.payload)
            case Kind.UUID:
                self._identify(frame.uuid)
            case Kind.HANGUP:
                self.end(MediaEndKind.PEER_HANGUP)
            case Kind.ERROR:
                self.end(MediaEndKind.PEER_ERROR, f"error {frame.payload.hex() or 'without a code'}")
            case _:
                pass  # keys are taken from ARI, which reports them on every version

    def _identify(self, uuid: UUID) -> None:
        if not self._door.admitted(self, uuid):
            self.end(MediaEndKind.REFUSED, "no call waits for this UUID")
            return
        self.uuid = uuid
        if self._watch is not None:
            self._watch.cancel()
        self._check_stall()

    def _check_hello(self) -> None:
        self.end(MediaEndKind.STALLED, "no UUID came")

    def _check_stall(self) -> None:
        if self._resting:
            self._heard_at = self._clock.time()
        due = self._heard_at + self._patience.stall_s
        if self._clock.time() >= due:
            self.end(MediaEndKind.STALLED, f"no frame came for {self._patience.stall_s:g} s")
        else:
            self._watch = self._clock.call_at(due, self._check_stall)
