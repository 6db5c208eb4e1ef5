"""A small HTTP site on an address of ours."""

from __future__ import annotations

from aiohttp import web

from agent.errors import ConfigurationError


class Site:
    """Serves one application, once started."""

    def __init__(self, app: web.Application, *, key: str, bind: str, port: int) -> None:
        """`key` names the setting that holds `port` (0: any free one)."""
        self._key = key
        self._bind = bind
        self._wanted = port
        self._runner = web.AppRunner(app, access_log=None)
        self.port = 0
        """The port listened on, once started."""

    async def start(self) -> None:
        """Listen. Raises ConfigurationError if the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._bind, self._wanted)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigurationError(
                f"{self._key}: cannot listen on {self._bind}:{self._wanted} ({error.strerror}); "
                "end the program that has it or choose another port."
            ) from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
