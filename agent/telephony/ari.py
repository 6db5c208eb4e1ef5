"""Asterisk's REST interface (ARI): a thin client.

Whatever goes into a path is quoted, and nothing that a caller sent goes into a request.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from agent.errors import TelephonyError
from agent.settings import AsteriskSettings
from agent.telephony.ari_model import AsteriskInfo, Bridge, Channel, int_field, text_field

T = TypeVar("T")

_IDLE_CONNECTION_S = 5.0
"""Asterisk closes an idle HTTP connection after 15 s (`session_keep_alive`); we let go earlier, so that a request never
meets a connection that is just being closed."""
_PING_S = 10.0
"""A websocket that answers no ping for this long (and half as long again) is dead: a half-open connection is found."""


class GoneError(TelephonyError):
    """What was asked for is not in Asterisk (any more)."""

    code = "ari_not_found"


class WrongPasswordError(TelephonyError):
    """Asterisk does not let us in."""

    code = "ari_unauthorized"


class AriClient:
    """Requests to one Asterisk.

    Every method raises TelephonyError with one of the codes `ari_unreachable`, `ari_timeout`, `ari_unauthorized`
    (WrongPasswordError), `ari_forbidden`, `ari_not_found` (GoneError) and `ari_refused`.
    """

    def __init__(self, settings: AsteriskSettings) -> None:
        self.app = settings.app
        self._base = settings.ari_url
        self._user = settings.ari_user
        self._timeout_s = settings.request_timeout_s
        self._authorization = aiohttp.encode_basic_auth(settings.ari_user, settings.ari_password.get_secret_value())
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def info(self) -> AsteriskInfo:
        """Version and start of the Asterisk that answers."""
        return self._read(AsteriskInfo.of, await self._request("GET", "asterisk", "info"))

    async def modules(self) -> dict[str, str]:
        """Every module that Asterisk has loaded and its status, such as `chan_audiosocket.so` → `Running`."""
        return dict(self._read_all(_module, await self._request("GET", "asterisk", "modules")))

    async def ping(self) -> None:
        """Return if Asterisk answers and accepts our password."""
        await self._request("GET", "asterisk", "ping")

    async def channels(self) -> list[Channel]:
        """All channels, ours and others'."""
        return self._read_all(Channel.of, await self._request("GET", "channels"))

    async def channel(self, channel_id: str) -> Channel:
        """One channel."""
        return self._read(Channel.of, await self._request("GET", "channels", channel_id))

    async def bridges(self) -> list[Bridge]:
        """All bridges, ours and others'."""
        return self._read_all(Bridge.of, await self._request("GET", "bridges"))

    async def create_channel(self, channel_id: str, endpoint: str, variables: Mapping[str, str] | None = None) -> None:
        """Make a channel to an endpoint such as `PJSIP/+4930123@trunk`, in our application and not dialled yet.

        `endpoint` comes from `agent.telephony.dialing` alone. Refused if Asterisk does not know the endpoint.
        """
        query = {"endpoint": endpoint, "app": self.app, "channelId": channel_id}
        await self._send("POST", ("channels", "create"), query, {"variables": dict(variables or {})})

    async def dial(self, channel_id: str, *, timeout_s: float) -> None:
        """Dial a channel that `create_channel` made; Dial events tell what comes of it.

        One that is not answered within `timeout_s` (whole seconds, rounded up) is hung up, whatever becomes of us.
        """
        await self._request("POST", "channels", channel_id, "dial", timeout=str(math.ceil(timeout_s)))

    async def answer(self, channel_id: str) -> None:
        """Answer; when this returns, the 200 OK was sent."""
        await self._request("POST", "channels", channel_id, "answer")

    async def indicate_ringing(self, channel_id: str) -> None:
        """Let the caller hear that it rings. Raises GoneError, TelephonyError."""
        await self._request("POST", "channels", channel_id, "ring")

    async def stop_ringing(self, channel_id: str) -> None:
        """End what `indicate_ringing` began."""
        await self._request("DELETE", "channels", channel_id, "ring")

    async def hang_up(self, channel_id: str, *, cause: int = 16) -> None:
        """Hang up with a Q.850 cause, which Asterisk turns into a SIP code for a call not yet answered (1 → 404)."""
        await self._request("DELETE", "channels", channel_id, reason_code=str(cause))

    async def external_media(self, channel_id: str, *, connection: str, address: str) -> Channel:
        """Make a channel `channel_id` whose sound comes and goes by AudioSocket over TCP, 8 kHz signed 16-bit.

        `connection` is the UUID with which Asterisk introduces itself at `address` (host:port).
        The channel may enter a bridge only after its own StasisStart. Refused if nobody listens at `address`.
        """
        return self._read(
            Channel.of,
            await self._request(
                "POST",
                "channels",
                "externalMedia",
                app=self.app,
                channelId=channel_id,
                external_host=address,
                encapsulation="audiosocket",
                transport="tcp",
                format="slin",
                data=connection,
            ),
        )

    async def variable(self, channel_id: str, name: str) -> str:
        """Value of a channel variable or function; empty where it is not set (Asterisk tells neither apart)."""
        try:
            data = await self._request("GET", "channels", channel_id, "variable", variable=name)
        except GoneError:
            return ""
        return self._read(lambda value: text_field(value, "value"), data)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a channel variable, for the dialplan to read."""
        await self._request("POST", "channels", channel_id, "variable", variable=name, value=value)

    async def packets_received(self, channel_id: str) -> int:
        """RTP packets that a SIP channel's telephone has sent and that arrived, whatever became of them."""
        data = await self._request("GET", "channels", channel_id, "rtp_statistics")
        return self._read(lambda value: int_field(value, "rxcount"), data)

    async def hold(self, channel_id: str) -> None:
        """Tell the other side's telephone that it is on hold (SIP re-INVITE where the endpoint is set to that)."""
        await self._request("POST", "channels", channel_id, "hold")

    async def unhold(self, channel_id: str) -> None:
        """Take the other side off hold."""
        await self._request("DELETE", "channels", channel_id, "hold")

    async def start_music(self, channel_id: str, music: str = "default") -> None:
        """Play music on hold, a class of Asterisk's musiconhold.conf, to a channel until `stop_music`."""
        await self._request("POST", "channels", channel_id, "moh", mohClass=music)

    async def stop_music(self, channel_id: str) -> None:
        """End what `start_music` began; also where it did not."""
        await self._request("DELETE", "channels", channel_id, "moh")

    async def redirect(self, channel_id: str, endpoint: str) -> None:
        """Have the other side's telephone call an endpoint itself: 302 before the answer, REFER after it.

        `endpoint` comes from `agent.telephony.dialing` alone. Refused where the channel cannot do it.
        """
        await self._request("POST", "channels", channel_id, "redirect", endpoint=endpoint)

    async def continue_in_dialplan(self, channel_id: str, context: str) -> None:
        """Let a channel go: it leaves our application and goes on at the extension `s` of a context."""
        await self._request("POST", "channels", channel_id, "continue", context=context, extension="s", priority="1")

    async def send_dtmf(
        self,
        channel_id: str,
        digits: str,
        *,
        before_ms: int = 0,
        between_ms: int = 100,
        duration_ms: int = 100,
        after_ms: int = 0,
    ) -> None:
        """Have Asterisk press keys towards the other side; returns before the first, see `settled`.

        While a key sounds, and only then, sound that we send on the channel is lost.
        """
        times = {"before": before_ms, "between": between_ms, "duration": duration_ms, "after": after_ms}
        await self._request(
            "POST", "channels", channel_id, "dtmf", dtmf=digits, **{name: str(ms) for name, ms in times.items()}
        )

    async def settled(self, channel_id: str) -> None:
        """Return when an answered channel has carried out all that was asked of it before, such as pressing keys.

        Asterisk works through a channel's requests one by one, and answers this one, which changes nothing, in turn.
        """
        await self.answer(channel_id)

    async def create_bridge(self, bridge_id: str) -> Bridge:
        """Make a mixing bridge with our own id."""
        return self._read(Bridge.of, await self._request("POST", "bridges", bridge_id, type="mixing"))

    async def add_channels(self, bridge_id: str, *channel_ids: str) -> None:
        """Bring channels into a bridge; each must be in our application (else `ari_refused`)."""
        await self._request("POST", "bridges", bridge_id, "addChannel", channel=",".join(channel_ids))

    async def remove_channels(self, bridge_id: str, *channel_ids: str) -> None:
        """Take channels out of a bridge; they stay in our application. Refused where one is not in it."""
        await self._request("POST", "bridges", bridge_id, "removeChannel", channel=",".join(channel_ids))

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Destroy a bridge; channels in it stay in our application."""
        await self._request("DELETE", "bridges", bridge_id)

    async def subscribe(self, channel_id: str) -> None:
        """Ask for all events of a channel: without it, one that came in would end without ChannelDestroyed."""
        await self._request("POST", "applications", self.app, "subscription", eventSource=f"channel:{channel_id}")

    async def application_exists(self) -> bool:
        """Whether somebody holds our application, be it us or another program."""
        try:
            await self._request("GET", "applications", self.app)
        except GoneError:
            return False
        return True

    async def send_marker(self, name: str) -> None:
        """Have Asterisk send us a ChannelUserevent `name`: it comes after all events that were before it."""
        await self._request("POST", "events", "user", name, application=self.app)

    async def open_events(self) -> aiohttp.ClientWebSocketResponse:
        """Open the stream of our application's events; takes the place of any other program that had it."""
        url = self._url("events").with_query(app=self.app)
        try:
            return await self._opened().ws_connect(
                url,
                heartbeat=_PING_S,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=1 << 20,
            )
        except aiohttp.WSServerHandshakeError as error:
            raise self._refusal(error.status, "") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(error) from error

    def _read(self, of: Callable[[object], T], data: object) -> T:
        try:
            return of(data)
        except ValueError as error:
            raise TelephonyError(
                f"What answers at {self._base} is not Asterisk; correct asterisk.ari_url.", code="ari_refused"
            ) from error

    def _read_all(self, of: Callable[[object], T], data: object) -> list[T]:
        return [self._read(of, item) for item in (data if isinstance(data, list) else [data])]

    async def _request(self, method: str, *path: str, **query: str) -> object:
        return await self._send(method, path, query)

    async def _send(
        self, method: str, path: Sequence[str], query: Mapping[str, str], body: Mapping[str, object] | None = None
    ) -> object:
        try:
            async with self._opened().request(method, self._url(*path), params=query, json=body) as response:
                answer = await response.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(error) from error
        try:
            data: object = json.loads(answer) if answer else None
        except ValueError as error:
            raise self._refusal(response.status, "") from error
        if response.status >= 300:
            raise self._refusal(response.status, str(data.get("message", "")) if isinstance(data, dict) else "")
        return data

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No limit of connections: at 100, aiohttp's default, calls would wait for each other.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_CONNECTION_S)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"Authorization": self._authorization},
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            )
        return self._session

    def _url(self, *path: str) -> URL:
        return URL(f"{self._base}/ari/" + "/".join(quote(part, safe="") for part in path), encoded=True)

    def _unreachable(self, error: Exception) -> TelephonyError:
        if isinstance(error, TimeoutError):
            return TelephonyError(
                f"Asterisk at {self._base} did not answer within {self._timeout_s:g} s; see whether it hangs.",
                code="ari_timeout",
            )
        return TelephonyError(
            f"Asterisk does not answer at {self._base}; start it, or correct asterisk.ari_url.", code="ari_unreachable"
        )

    def _refusal(self, status: int, message: str) -> TelephonyError:
        if status == 401:
            return WrongPasswordError(
                f"Asterisk at {self._base} refuses the user {self._user!r}: "
                "make asterisk.ari_user and asterisk.ari_password equal to its ari.conf."
            )
        if status == 403:
            return TelephonyError(
                f"Asterisk at {self._base} lets the user {self._user!r} only look: set read_only = no in its ari.conf.",
                code="ari_forbidden",
            )
        said = f"{status} {message}".strip()
        if status == 404:
            return GoneError(f"Asterisk at {self._base} does not have it: {said}.")
        return TelephonyError(f"Asterisk at {self._base} refused a request: {said}.", code="ari_refused")


def _module(data: object) -> tuple[str, str]:
    return text_field(data, "name"), text_field(data, "status")
