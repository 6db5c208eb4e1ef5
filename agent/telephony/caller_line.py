"""The channel of one answered caller: with the agent, with music, or with somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.telephony.ari import AriClient
from agent.telephony.media_path import MediaPath


class CallerLine:
    """Belongs to one call. What it does is done one after the other."""

    def __init__(self, ari: AriClient, path: MediaPath, channel_id: Callable[[], str]) -> None:
        """`path` brings the agent's sound, and is open before anything is asked for here, as the channel is known."""
        self._channel_id = channel_id
        self.away = False
        """The caller does not hear the agent, nor the agent the caller."""
        self._ari = ari
        self._path = path
        self._music = False
        self._ringing = False
        self._busy = asyncio.Lock()

    @property
    def channel_id(self) -> str:
        """Of the caller."""
        return self._channel_id()

    async def leave(self, *, music: bool) -> None:
        """Take the caller from the agent, to music or the sound of ringing. Raises TelephonyError.

        Nothing that is played reaches the caller until `come_back`; it waits. Again: nothing is changed.
        """
        async with self._busy:
            if self.away:
                return
            self.away = True
            if self._path.stream is not None:
                self._path.stream.pause()
            await self._ari.remove_channels(self._path.bridge_id, self.channel_id)
            self._music, self._ringing = music, not music
            if music:
                await self._ari.start_music(self.channel_id)
            else:
                await self._ari.indicate_ringing(self.channel_id)

    async def come_back(self) -> None:
        """Bring the caller back to the agent, if they are away. Raises TelephonyError."""
        async with self._busy:
            if not self.away:
                return
            try:
                await self._silence()
                await self._ari.add_channels(self._path.bridge_id, self.channel_id)
            finally:
                self.away = False
                if self._path.stream is not None:
                    self._path.stream.resume()

    async def join(self, bridge_id: str, other_channel_id: str) -> None:
        """Bring the caller, who has left the agent, together with somebody else. Raises TelephonyError."""
        async with self._busy:
            await self._silence()
            await self._ari.add_channels(bridge_id, self.channel_id, other_channel_id)

    async def _silence(self) -> None:
        """End the music, or the ringing."""
        if self._music:
            await self._ari.stop_music(self.channel_id)
        if self._ringing:
            await self._ari.stop_ringing(self.channel_id)
        self._music = self._ringing = False
