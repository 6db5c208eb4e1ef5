"""The way of one call's sound: Asterisk's media channel, the bridge to the caller, and our end of the AudioSocket."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import structlog

from agent.errors import MediaError, TelephonyError
from agent.telephony.ari import AriClient, GoneError

if TYPE_CHECKING:
    from agent.media.server import Admission, AudioSocketServer
    from agent.media.stream import MediaStream

log = structlog.get_logger()


class MediaPath:
    """Made for one call, opened once, closed once.

    All ids are known before the first request, so that whatever dies in between can be found and removed.
    """

    def __init__(self, ari: AriClient, server: AudioSocketServer, *, address: str, key: str, timeout_s: float) -> None:
        """`address`: host:port that Asterisk is told; `key` makes the ids unique; `timeout_s` bounds each wait."""
        self.channel_id = f"{ari.app}.media.{key}"
        self.bridge_id = f"{ari.app}.bridge.{key}"
        self.stream: MediaStream | None = None
        self.in_stasis = asyncio.Event()
        """Asterisk has announced the media channel: only then may it be bridged."""
        self.channel_gone = asyncio.Event()
        self._ari = ari
        self._server = server
        self._address = address
        self._timeout_s = timeout_s
        self._admission: Admission | None = None
        self._asked_for_channel = False
        self._asked_for_bridge = False

    async def open(self, channel_id: str) -> MediaStream:
        """Have Asterisk connect the sound of a telephone's channel to us: `prepare` and `join` in one."""
        stream = await self.prepare()
        await self.join(channel_id)
        return stream

    async def prepare(self) -> MediaStream:
        """Have Asterisk connect to us, and the bridge ready: nobody hears anything yet.

        Raises MediaError if the sound does not arrive, TelephonyError if Asterisk fails or refuses.
        """
        connection = uuid.uuid4()
        self._admission = self._server.expect(connection)
        self._asked_for_channel = True
        try:
            await self._ari.external_media(self.channel_id, connection=str(connection), address=self._address)
        except TelephonyError as error:
            if error.code != "ari_refused":
                raise
            raise MediaError(
                f"Asterisk could not bring the sound to {self._address}; see that it can connect there."
            ) from error
        self.stream = await self._admission.stream(self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.in_stasis.wait()
        except TimeoutError:
            raise TelephonyError("Asterisk did not hand over the media channel.", code="ari_timeout") from None
        self._asked_for_bridge = True
        await self._ari.create_bridge(self.bridge_id)
        return self.stream

    async def join(self, channel_id: str) -> None:
        """Let the telephone and us hear each other. Raises TelephonyError."""
        await self._ari.add_channels(self.bridge_id, channel_id, self.channel_id)

    async def ring_out(self, silence_ms: int) -> None:
        """Return when everything sent before has reached the caller, `silence_ms` later on the playout's own clock."""
        if self.stream is None:
            return
        clip = self.stream.playout.play(bytes(silence_ms * 16))
        await clip.done  # cut where the stream ends

    async def close(self) -> None:
        """Remove everything; what Asterisk does not have (any more) is as good as removed. Never raises.

        What Asterisk does not let us remove now is found when the switchboard reconciles.
        """
        if self._admission is not None:
            self._admission.cancel()
        if self.stream is not None:
            await self.stream.close()
        removals = []
        if self._asked_for_channel and not self.channel_gone.is_set():
            removals.append(self._ari.hang_up(self.channel_id))
        if self._asked_for_bridge:
            removals.append(self._ari.destroy_bridge(self.bridge_id))
        for failure in await asyncio.gather(*removals, return_exceptions=True):
            if isinstance(failure, TelephonyError) and not isinstance(failure, GoneError):
                log.debug("telephony.removal_failed", channel=self.channel_id, code=failure.code)
