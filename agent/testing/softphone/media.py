"""The softphone's sound: a thread that sends one packet per 20 ms and lays both directions on one recording clock.

It is a thread, not a task, so that Python work in the event loop delays it by the interpreter's switch interval at
most, and it goes before ordinary work where the kernel permits that: a caller's telephone is another machine, whose
clock does not suffer from what this one computes. What is received carries the kernel's own time of arrival, so a late
wake-up of this thread moves nothing on the recording.

The recording clock counts samples from the moment the thread is made (when the INVITE is sent). Packet n stands at
160 n, its due time; how late it really left is in `FrameClock.late`. A received packet stands at its arrival (see
`layout`). Both are times at the telephone's socket: a peer that returned packets at once would be measured as 0 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import structlog

from agent.ops.process import put_sound_first
from agent.testing.softphone import rtp, sdp
from agent.testing.softphone.clock import FrameClock
from agent.testing.softphone.condition import LineCondition
from agent.testing.softphone.detector import LiveDetector
from agent.testing.softphone.layout import Layout
from agent.testing.softphone.network import Network
from agent.testing.softphone.rtp_socket import RtpSocket
from agent.testing.softphone.speech_queue import Clip, Outgoing, SpeechQueue
from agent.testing.softphone.tape import Tape

log = structlog.get_logger()

_SILENCE = np.zeros(rtp.FRAME, np.int16)
SILENT_PEAK = 64  # -54 dBFS: such a packet may move the line of `layout`
T = TypeVar("T")
Check = Callable[[int], int | None]


class MediaThread:
    """Runs from `start` to `finish`. Every method may be called from the event loop; callbacks come in the loop."""

    def __init__(
        self,
        sockets: RtpSocket,
        tape: Tape,
        *,
        background: rtp.Pcm | None,
        condition: LineCondition,
        no_media_s: float | None,
        on_failure: Callable[[str], None],
        on_no_media: Callable[[], None],
        on_key: Callable[[str], None],
    ) -> None:
        self.layout = Layout()
        self.detector = LiveDetector()
        self.clock = FrameClock(time.monotonic())
        self.tape = tape
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Resolves when the recording is complete and the sockets are closed."""
        self._loop = asyncio.get_running_loop()
        self._sockets = sockets
        self._queue = SpeechQueue(background)
        self._condition = condition
        self._network = Network(condition)
        self._muted = False
        self._onward: Callable[[rtp.Pcm], None] | None = None
        self._no_media_s = no_media_s
        self._on_failure = on_failure
        self._on_no_media = on_no_media
        self._on_key = on_key
        self._lock = threading.Lock()
        self._remote: sdp.Media | None = None
        self._last_heard: float | None = None
        self._waiting: list[tuple[Check, asyncio.Future[int]]] = []
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._offset = secrets.randbits(31)
        self._press_at = 0
        self._heard_press: tuple[int, int] | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="softphone-media", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread; a moment's work once `finished` has resolved."""
        self._thread.join()

    def finish(self) -> None:
        """Stop after the present frame; `finished` follows."""
        self._stopping = True

    def connect(self, remote: sdp.Media) -> None:
        """Where to send from now on, and from where to take."""
        with self._lock:
            self._remote = remote
            self._last_heard = self._last_heard or time.monotonic()

    def say(self, pcm: rtp.Pcm, *, at: int | None, on_done: Callable[[], None]) -> Clip:
        """Queue sound for position `at`, or for the next frame."""
        with self._lock:
            earliest = self.clock.frame * rtp.FRAME
            start = max(earliest, at) if at is not None else earliest
            return self._queue.say(pcm, at=start, on_done=lambda: self._tell(on_done))

    def cut(self, clip: Clip) -> None:
        """Stop saying it after what was sent already."""
        with self._lock:
            self._queue.cut(clip, self.clock.frame * rtp.FRAME)

    def stop_sending(self) -> None:
        """From now on no packet leaves; what comes is still taken."""
        self._muted = True

    def pass_on(self, other: MediaThread) -> None:
        """From now on the other call's telephone also sends what this one receives."""
        self._onward = other.relay

    def relay(self, pcm: rtp.Pcm) -> None:
        """Send this frame with the next one; called from another call's thread."""
        self._queue.relay(pcm)

    def press(self, keys: str, on_done: Callable[[], None]) -> None:
        """Queue key presses. Raises ValueError for an unknown key."""
        with self._lock:
            self._queue.press(keys, lambda: self._tell(on_done))

    def when(self, check: Check) -> asyncio.Future[int]:
        """Resolves with the first result of `check(now)` that is not None; asked in every frame."""
        future: asyncio.Future[int] = self._loop.create_future()
        with self._lock:
            self._waiting.append((check, future))
        return future

    @property
    def sending(self) -> bool:
        """The other side takes sound now, and we send some."""
        remote = self._remote
        wanted = remote is not None and remote.direction in {"sendrecv", "recvonly"} and remote.port > 0
        return wanted and not self._muted

    @property
    def takes_keys(self) -> bool:
        """The other side agreed to telephone events."""
        return self._remote is not None and self._remote.event_payload is not None

    def _run(self) -> None:
        put_sound_first()
        try:
            while not self._stopping:
                arrives = self._network.next_at
                due = self.clock.due if arrives is None else min(self.clock.due, arrives)
                time.sleep(max(0.0, due - time.monotonic()))
                with self._lock:
                    self._deliver()
                    if time.monotonic() >= self.clock.due:
                        self._frame()
        except Exception as error:
            log.exception("softphone.failed")
            self._tell(self._on_failure, f"{type(error).__name__}: {error}")
        finally:
            self._sockets.close()
            with contextlib.suppress(OSError):
                self.tape.close()
            self._tell(_resolve, self.finished, None)

    def _deliver(self) -> None:
        """Hand over what has come through the network."""
        for packet in self._network.arrived(time.monotonic()):
            if self._remote is not None:
                self._sockets.send(packet, (self._remote.host, self._remote.port))

    def _frame(self) -> None:
        position = self.clock.frame * rtp.FRAME
        outgoing = self._queue.take(position)
        remote = self._remote
        if remote is not None and self.sending:
            sent = self._send(remote, position, outgoing)
            self._deliver()
            self.clock.sent(time.monotonic())
        else:
            sent = _SILENCE
            self.clock.skip()
        self.tape.put_sent(position, sent)
        self._receive()
        now = position + rtp.FRAME
        for check, future in self._waiting[:]:
            if (result := check(now)) is not None:
                self._waiting.remove((check, future))
                self._tell(_resolve, future, result)

    def _send(self, remote: sdp.Media, position: int, outgoing: Outgoing) -> rtp.Pcm:
        """Send a frame; returns the sound in it as the other side decodes it."""
        timestamp = self._offset + position
        if outgoing.events and remote.event_payload is not None:
            for payload, first in outgoing.events:
                self._press_at = timestamp if first else self._press_at
                self._send_packet(remote.event_payload, self._press_at, payload, marker=first)
            return _SILENCE
        payload = rtp.to_ulaw(self._condition.sound(outgoing.pcm))
        self._send_packet(sdp.PCMU, timestamp, payload, marker=False)
        return rtp.from_ulaw(payload)

    def _send_packet(self, kind: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        packet = rtp.Packet(kind, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._network.put(packet.encode(), time.monotonic())

    def _receive(self) -> None:
        remote = self._remote
        for data, source, arrived in self._sockets.receive():
            if remote is None or source != (remote.host, remote.port):
                self.layout.reception.ignored += 1
                continue
            try:
                packet = rtp.parse(data)
            except rtp.RtpSyntaxError:
                self.layout.reception.ignored += 1
                continue
            self._last_heard = arrived
            self._take(packet, remote, max(0, self.clock.position(arrived)))
        if self._silent_for(time.monotonic()):
            self._no_media_s = None
            self._tell(self._on_no_media)

    def _take(self, packet: rtp.Packet, remote: sdp.Media, arrival: int) -> None:
        if packet.payload_type == sdp.PCMU and packet.payload:
            pcm = rtp.from_ulaw(packet.payload)
            silent = int(np.abs(pcm).max()) <= SILENT_PEAK
            place = self.layout.place(packet, arrival=arrival, samples=len(pcm), silent=silent)
            if place is not None and self._onward is not None:
                self._onward(pcm)
            if place is not None:
                self.tape.put_received(place.position, pcm[place.skip :])
                self.detector.feed(place.position, pcm[place.skip :])
        elif packet.payload_type == remote.event_payload:
            self.layout.note(packet)
            key = rtp.parse_key(packet.payload)
            press = (packet.ssrc, packet.timestamp)
            if key is not None and press != self._heard_press:
                self._heard_press = press
                self._tell(self._on_key, key[0])
        else:
            self.layout.reception.ignored += 1

    def _silent_for(self, now: float) -> bool:
        return (
            self._no_media_s is not None and self._last_heard is not None and now - self._last_heard > self._no_media_s
        )

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            self._stopping = True  # the loop was closed: nobody is left to tell


def _resolve(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)
