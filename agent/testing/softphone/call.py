"""One call of the softphone, as a script or a test uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from agent.errors import TelephonyError
from agent.testing.measure import Span
from agent.testing.softphone.clock import ClockStatistics
from agent.testing.softphone.condition import PERFECT, LineCondition
from agent.testing.softphone.ending import CallEnd, EndKind
from agent.testing.softphone.layout import Reception
from agent.testing.softphone.leg import Leg, LegUser
from agent.testing.softphone.media import MediaThread
from agent.testing.softphone.rtp import FRAME, RATE, Pcm
from agent.testing.softphone.rtp_socket import RtpSocket
from agent.testing.softphone.saying import Saying
from agent.testing.softphone.tape import Tape

T = TypeVar("T")


class CallEndedError(TelephonyError):
    """The call was over before what was waited for came."""

    code = "call_ended"


@dataclass(frozen=True, slots=True)
class MediaReport:
    """What a report says of one call's sound."""

    clock: ClockStatistics
    reception: Reception
    sent_late: tuple[tuple[int, float], ...]
    """Position and lateness in ms of the softphone's own late packets: it measures badly there."""
    missing: tuple[tuple[int, int], ...]
    """Ranges of the received track that no packet covers."""

    def lateness_ms(self, position: int) -> float:
        """How late the softphone sent the packet that holds a position; 0 where it was less than 5 ms.

        What was measured from there, such as voice to voice from the end of an utterance, is so much too long.
        """
        return next((late for start, late in self.sent_late if start <= position < start + FRAME), 0.0)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


class PhoneCall:
    """A call that was placed, or came in and has sound.

    Positions are samples at 8 kHz on the clock of the recording: since the INVITE, or since there is sound.
    """

    def __init__(
        self,
        make_leg: Callable[[LegUser], Leg],
        *,
        host: str,
        recording: Path,
        background: Pcm | None = None,
        condition: LineCondition = PERFECT,
        no_media_s: float | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.recording = recording
        """Two tracks: left sent, right received. Complete once `ended` has resolved."""
        self.answered: asyncio.Future[bool] = loop.create_future()
        """True: answered; False: the call ended before. Never raises."""
        self.ended: asyncio.Future[CallEnd] = loop.create_future()
        """How the call ended. Never raises."""
        self.provisional: list[int] = []
        """SIP codes 100 to 199, in the order they came."""
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        """Keys that the other side pressed."""
        self.zero = datetime.now(UTC)
        """Wall-clock time of position 0, to compare with what others noted."""
        self.referred: asyncio.Queue[str] = asyncio.Queue()
        """SIP addresses that the other side asked us to call in its place (REFER), where `takes_referrals`."""
        self.takes_referrals = False
        """Say yes to that. To call there, and to hang up here, is for whoever uses this."""
        self.answered_at: int | None = None
        """Position at which the call was answered."""
        tape = Tape(recording)
        try:
            sockets = RtpSocket(host)
        except OSError:
            tape.close()
            raise
        self._media = MediaThread(
            sockets,
            tape,
            background=background,
            condition=condition,
            no_media_s=no_media_s,
            on_failure=lambda error: self._leg.hang_up(CallEnd(EndKind.SOFTPHONE_FAILED, reason=error)),
            on_no_media=lambda: self._leg.hang_up(CallEnd(EndKind.NO_MEDIA)),
            on_key=self.keys.put_nowait,
        )
        self._leg = make_leg(
            LegUser(
                rtp_address=sockets.address,
                on_provisional=self.provisional.append,
                on_media=self._media.connect,
                on_answer=self._on_answer,
                on_end=self._on_end,
                on_refer=self._on_refer,
            )
        )

    @property
    def call_id(self) -> str:
        """The Call-ID header."""
        return self._leg.call_id

    @property
    def position(self) -> int:
        """The present on the recording's clock."""
        return self._media.clock.position(asyncio.get_running_loop().time())

    @property
    def held(self) -> bool:
        """No sound is sent: the other side has put us on hold, or `stop_sending` was called."""
        return not self._media.sending

    def start(self) -> None:
        """The recording begins; a call that we place sends its INVITE."""
        self._media.start()
        self._leg.start()

    async def hang_up(self) -> CallEnd:
        """End the call (BYE, or CANCEL before the answer) and wait until it is over."""
        self._leg.hang_up()
        return await asyncio.shield(self.ended)

    async def abandon(self) -> CallEnd:
        """Vanish without a word, as a telephone does that loses its network."""
        self._leg.abandon()
        return await asyncio.shield(self.ended)

    def stop_sending(self) -> None:
        """Send no more sound, while the call goes on: as a telephone whose network lets only signalling through."""
        self._media.stop_sending()

    def exchange(self, other: PhoneCall) -> None:
        """From now on each of the two calls hears the other's far end, as if both were connected."""
        self._media.pass_on(other._media)
        other._media.pass_on(self._media)

    def begin(self, pcm: Pcm, *, at: int | None = None) -> Saying:
        """Begin to say 8 kHz samples at position `at`, or with the next packet where it is None or past."""
        return Saying(self, self._media, pcm, at)

    async def say(self, pcm: Pcm, *, at: int | None = None) -> Span:
        """Say something to its end; see `begin`. Returns where the energy of it lies. Raises CallEndedError.

        Cancelling breaks it off.
        """
        saying = self.begin(pcm, at=at)
        try:
            return await saying.finished()
        except asyncio.CancelledError:
            saying.cut()
            raise

    async def press(self, keys: str) -> None:
        """Press keys of the telephone, one after the other, by RFC 4733.

        Raises ValueError for an unknown key, TelephonyError where the other side takes none, CallEndedError.
        """
        if not self._media.takes_keys:
            raise TelephonyError("The other side did not agree to telephone events.", code="no_telephone_events")
        done = asyncio.Event()
        self._media.press(keys, done.set)
        await self.unless_ended(done.wait())

    async def key(self) -> str:
        """The next key that the other side presses. Raises CallEndedError."""
        return await self.unless_ended(self.keys.get())

    async def agent_started(self, *, after: int = 0) -> int:
        """The first position at or after `after` where the other side's voice is heard. Raises CallEndedError.

        Known 30 to 60 ms later, since shorter sounds do not count as voice.
        """
        detector = self._media.detector
        return await self.unless_ended(self._media.when(lambda _now: detector.first_voice_after(after)))

    async def agent_quiet(self, quiet_ms: int, *, after: int = 0) -> int:
        """Wait until the other side has been quiet for so long, counted at the earliest from `after`.

        Returns the position since which it is quiet. Raises CallEndedError.
        """
        detector, samples = self._media.detector, quiet_ms * RATE // 1000

        def check(now: int) -> int | None:
            since = detector.quiet_since(after)
            return since if now - since >= samples else None

        return await self.unless_ended(self._media.when(check))

    async def reached(self, position: int) -> int:
        """Wait until the recording's clock has reached a position. Raises CallEndedError."""
        return await self.unless_ended(self._media.when(lambda now: now if now >= position else None))

    def report(self) -> MediaReport:
        """How well both sides kept time, so far."""
        return MediaReport(
            clock=self._media.clock.statistics(),
            reception=self._media.layout.reception,
            sent_late=tuple(self._media.clock.late),
            missing=self._media.tape.missing(),
        )

    async def unless_ended(self, work: Awaitable[T]) -> T:
        """The result of some work, which is cancelled when the call ends first. Raises CallEndedError."""
        task: asyncio.Future[Any] = asyncio.ensure_future(work)
        try:
            await asyncio.wait([task, self.ended], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return cast("T", task.result())
            raise CallEndedError(f"The call ended first: {self.ended.result()}.")
        finally:
            task.cancel()

    def _on_refer(self, target: str) -> bool:
        if self.takes_referrals:
            self.referred.put_nowait(target)
        return self.takes_referrals

    def _on_answer(self) -> None:
        self.answered_at = self.position
        self.answered.set_result(True)

    def _on_end(self, end: CallEnd) -> None:
        self._media.finished.add_done_callback(lambda _finished: self._on_media_finished(end))
        self._media.finish()

    def _on_media_finished(self, end: CallEnd) -> None:
        self._media.join()  # its last act was to schedule this
        if not self.answered.done():
            self.answered.set_result(False)
        self.ended.set_result(end)
