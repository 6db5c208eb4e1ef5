"""Listening to a live call: /v1/calls/{id}/audio (WebSocket), /v1/calls/{id}/audio_token."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from aiohttp import web

from agent.api.audio_socket import SUBPROTOCOL, Over, audio_socket, relay
from agent.api.audio_tokens import AudioToken, AudioTokens
from agent.api.calls import ID, not_live
from agent.api.house import House
from agent.api.listeners import TooManyListenersError
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.problem_types import UNAUTHENTICATED, WRONG_STATE
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.store.api_keys import Scope
from agent.telephony.live_calls import NotLiveError

TOKEN_MARK: Final = "token."  # noqa: S105 - what a token follows
AUDIO_TOKEN: web.RequestKey[AudioToken] = web.RequestKey("audio_token", AudioToken)
UPGRADE_REQUIRED = ProblemType(
    "upgrade_required", 426, "This is a WebSocket", "Connect with a client of WebSockets (RFC 6455)."
)
TOO_MANY_LISTENERS = ProblemType(
    "too_many_listeners", 409, "Too many listen already", "Wait until somebody listens no longer."
)
LISTENING = """\
A WebSocket. The first message is text: `{"type": "format", "encoding": "pcm_s16le", "sample_rate": 8000,
"channels": ["caller", "agent"], "samples_per_message": 800}`. Each binary message holds so many samples of both sides,
interleaved: what was heard of the caller and played by the agent at the same moment. `{"type": "skipped",
"milliseconds": 5000}` tells that the listener was too slow and so much was left out. The last message is
`{"type": "end", "reason": "call_ended"}` (close code 1000) or `"server_shutdown"` (1001). Nothing that the listener
does reaches the call; what it sends is ignored.

A browser, which can send no key, takes a token from `audio_token` and offers it as a second subprotocol:
`new WebSocket(url, ["phone-agent.audio", "token." + token])`. Who listens is on record (`call.listener.joined`)."""


EXAMPLE: Final = {
    "object": "audio_token",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "token": "pal_mE3v0q7Jt1Yc8Rk5Zx2Wn9Lb4Hf6Gd0Sa3Pu7Io1QeA",
    "expires_at": "2026-11-27T09:31:00Z",
    "subprotocols": ["phone-agent.audio", "token.pal_mE3v0q7Jt1Yc8Rk5Zx2Wn9Lb4Hf6Gd0Sa3Pu7Io1QeA"],
}


class AudioTokenResource(ResponseModel):
    """Lets one WebSocket listen to one call."""

    object: Literal["audio_token"] = "audio_token"
    call_id: str
    token: str
    """Valid once."""
    expires_at: datetime
    """The connection must have begun by then; it may last as long as the call."""
    subprotocols: list[str]
    """What the client offers as `Sec-WebSocket-Protocol`."""


class CallAudio:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tokens = AudioTokens()

    async def create_token(self, request: ApiRequest[NoBody, NoQuery]) -> AudioTokenResource:
        """For a browser that is to listen. Answered for a live call only."""
        call_id, key = request.path["id"], request.key
        if key is None:
            raise UNAUTHENTICATED.problem()
        try:
            self._house.live.tap(call_id)
        except NotLiveError:
            raise await not_live(self._house, call_id) from None
        secret, token = self._tokens.issue(call_id, key.id, self._house.now())
        return AudioTokenResource(
            call_id=call_id,
            token=secret,
            expires_at=token.expires_at,
            subprotocols=[SUBPROTOCOL, TOKEN_MARK + secret],
        )

    def admits(self, request: web.Request) -> bool:
        """Whether the request carries a token that is valid for its call; it is used up by that."""
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        for name in map(str.strip, offered):
            if name.startswith(TOKEN_MARK):
                secret = name.removeprefix(TOKEN_MARK)
                token = self._tokens.redeem(secret, request.match_info["id"], self._house.now())
                if token is None:
                    raise UNAUTHENTICATED.problem("The token is unknown, used, too old, or of another call.")
                request[AUDIO_TOKEN] = token
                return True
        return False

    async def listen(self, request: ApiRequest[NoBody, NoQuery]) -> web.StreamResponse:
        """Both sides as they are heard and played."""
        call_id, http = request.path["id"], request.http
        try:
            tap = self._house.live.tap(call_id)
        except NotLiveError:
            raise await not_live(self._house, call_id) from None
        socket = audio_socket()
        if not socket.can_prepare(http):
            raise UPGRADE_REQUIRED.problem(headers={"Upgrade": "websocket", "Connection": "Upgrade"})
        key_id = request.key.id if request.key else http[AUDIO_TOKEN].key_id
        try:
            with self._house.listeners.listening(call_id, key_id):
                await socket.prepare(http)
                over = await relay(socket, call_id, tap, self._house.listeners.closing)
        except TooManyListenersError as error:
            raise TOO_MANY_LISTENERS.problem(str(error)) from None
        if over is Over.TOO_SLOW and http.transport is not None:
            http.transport.abort()
        return socket

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Live calls", "scope": Scope.CALLS, "path_parameters": ID}
        return [
            Route(
                method="GET", path="/calls/{id}/audio", name="listen_to_call", summary="Listen to a call",
                handler=self.listen, admits=self.admits, description=LISTENING, status=101,
                media={"application/octet-stream": "The WebSocket is open."},
                problems=(WRONG_STATE, UPGRADE_REQUIRED, TOO_MANY_LISTENERS), **alike,
            ),
            Route(
                method="POST", path="/calls/{id}/audio_token", name="create_audio_token",
                summary="Let a browser listen to a call", handler=self.create_token, response=AudioTokenResource,
                response_example=EXAMPLE, status=201, problems=(WRONG_STATE,), **alike,
            ),
        ]  # fmt: skip
