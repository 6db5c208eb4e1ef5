"""The softphone through a real Asterisk and the real sound path, with an echo of known delay in place of the agent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest_asyncio
from pydantic import SecretStr

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.domain.agent import AgentRef
from agent.domain.call import Call, EndedReason
from agent.domain.events import Event, KeyPressed
from agent.media.playout import Clip
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.settings import AsteriskSettings, MediaSettings, Settings
from agent.telephony.ari import AriClient
from agent.telephony.inputs import ChannelInputs
from agent.telephony.switchboard import Switchboard
from agent.testing.noise import SPEECH_DBFS, at_level
from agent.testing.softphone import CallEnd, EndKind, PhoneCall, Softphone
from agent.testing.softphone.rtp import FRAME
from agent.testing.tone import tone

BEEP = at_level(tone(440, 0.3), SPEECH_DBFS)
WITHIN = 160 + FRAME  # samples: the 20 ms that an added delay may be off, and the agent's own grid of frames


class Echo:
    """In place of the conversation. What a starved machine makes late is dropped, so that the delay stays as it was."""

    def __init__(self) -> None:
        self.delay_frames = 0
        self.hangs_up = asyncio.Event()
        self.keys: asyncio.Queue[str] = asyncio.Queue()

    def agent_for(self, number: str) -> AgentRef | None:
        return AgentRef("echo") if number == "1000" else None

    def sink(self, event: Event) -> None:
        if isinstance(event, KeyPressed):
            self.keys.put_nowait(event.digit)

    async def __call__(self, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        echoing = asyncio.create_task(self._echo(stream))
        try:
            await self.hangs_up.wait()
        finally:
            echoing.cancel()
        return EndedReason.AGENT_HANGUP

    async def _echo(self, stream: MediaStream) -> None:
        frames: deque[bytes] = deque()
        playing: deque[Clip] = deque()
        async for frame in stream.frames:
            frames.append(frame)
            while playing and playing[0].done.done():
                playing.popleft()
            if len(frames) > self.delay_frames:
                late = frames.popleft()
                if len(playing) < 2:
                    playing.append(stream.playout.play(late))


@pytest_asyncio.fixture
async def asterisk(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    instance = AsteriskInstance(bundle("asterisk"), AsteriskConfig(), tmp_path / "run")
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


def login(asterisk: AsteriskInstance) -> AsteriskSettings:
    return AsteriskSettings(ari_url=asterisk.ari_url, ari_password=SecretStr(asterisk.config.ari_password))


@pytest_asyncio.fixture
async def echo(asterisk: AsteriskInstance) -> AsyncIterator[Echo]:
    echo = Echo()
    settings = Settings(asterisk=login(asterisk), media=MediaSettings(port=0))
    async with AsyncExitStack() as stack:
        media = AudioSocketServer(settings.media.bind, settings.media.port)
        await media.start()
        stack.push_async_callback(media.close)
        ari = await stack.enter_async_context(AriClient(settings.asterisk))
        switchboard = Switchboard(ari, media, settings, agent_for=echo.agent_for, handle_call=echo, sink=echo.sink)
        await switchboard.start()
        stack.push_async_callback(switchboard.close)
        yield echo


async def dial(
    phone: Softphone, asterisk: AsteriskInstance, tmp_path: Path, number: str = "1000", password: str = ""
) -> PhoneCall:
    return await phone.call(
        "127.0.0.1",
        asterisk.config.sip_port,
        number,
        recording=tmp_path / "call.wav",
        user=asterisk.config.phone_user,
        password=password or asterisk.config.phone_password,
    )


async def round_trips(call: PhoneCall, count: int = 8) -> list[int]:
    found = []
    for _ in range(count):
        span = await call.say(BEEP)
        found.append(await call.agent_started(after=span.start) - span.start)
        await call.agent_quiet(200, after=span.end)
    return found


async def test_the_round_trip_is_steady_and_an_added_delay_is_found(
    asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path
) -> None:
    """The shortest of several trips is the truth: a starved machine makes some longer, and none shorter.

    An echoed frame waits for the next slot of the agent's playout, up to 20 ms; the slot may slip during a call. (The
    test with a peer that has no such grid holds the softphone to 20 ms.)
    """
    shortest = []
    for frames in (0, 15):
        echo.delay_frames = frames
        call = await dial(phone, asterisk, tmp_path)
        assert await call.answered
        found = await round_trips(call)
        await call.hang_up()
        shortest.append(min(found))
        assert len([trip for trip in found if trip - min(found) <= WITHIN]) >= 3, found
    assert abs(shortest[1] - shortest[0] - 15 * FRAME) <= WITHIN


async def test_keys_reach_the_agent(asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path) -> None:
    call = await dial(phone, asterisk, tmp_path)
    await call.answered
    await call.press("12#*0A")
    assert [await echo.keys.get() for _ in range(6)] == list("12#*0A")
    await call.hang_up()


async def test_keys_of_the_other_side_are_heard(
    asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path
) -> None:
    call = await dial(phone, asterisk, tmp_path)
    await call.answered
    await call.agent_quiet(100)
    header = {"Authorization": aiohttp.encode_basic_auth(asterisk.config.ari_user, asterisk.config.ari_password)}
    async with AriClient(login(asterisk)) as ari, aiohttp.ClientSession(asterisk.ari_url, headers=header) as session:
        caller = next(channel for channel in await ari.channels() if channel.name.startswith("PJSIP/"))
        async with session.post(f"/ari/channels/{caller.id}/dtmf", params={"dtmf": "5*"}) as pressed:
            assert pressed.status == 204
    assert [await call.key(), await call.key()] == ["5", "*"]
    await call.hang_up()


async def test_a_call_is_canceled_before_the_agent_answers(
    asterisk: AsteriskInstance, phone: Softphone, tmp_path: Path
) -> None:
    """Somebody holds the application and does nothing."""
    async with AriClient(login(asterisk)) as ari, await ari.open_events() as events:
        call = await dial(phone, asterisk, tmp_path)
        assert "StasisStart" in await events.receive_str()
        assert await call.hang_up() == CallEnd(EndKind.CANCELED, code=487, reason="Request Terminated", cause=0)
        assert await call.answered is False


async def test_the_agent_hangs_up(asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path) -> None:
    call = await dial(phone, asterisk, tmp_path)
    await call.answered
    echo.hangs_up.set()
    end = await call.ended
    assert (end.kind, end.cause) == (EndKind.REMOTE_HUNG_UP, 16)


async def test_an_unknown_number_is_refused(
    asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path
) -> None:
    for number in ("reception", "2000"):
        end = await (await dial(phone, asterisk, tmp_path, number)).ended
        assert (end.kind, end.code) == (EndKind.REJECTED, 404)


async def test_a_wrong_password_is_refused(asterisk: AsteriskInstance, phone: Softphone, tmp_path: Path) -> None:
    call = await dial(phone, asterisk, tmp_path, password="wrong-password")
    assert await call.ended == CallEnd(EndKind.REJECTED, code=401, reason="Unauthorized")
    assert await call.answered is False


async def test_an_agent_that_is_away_apologises_and_hangs_up(
    asterisk: AsteriskInstance, phone: Softphone, tmp_path: Path
) -> None:
    call = await dial(phone, asterisk, tmp_path)
    assert await call.answered
    assert await call.agent_started() > 0
    assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP


async def test_an_asterisk_that_dies_is_noticed(
    asterisk: AsteriskInstance, echo: Echo, phone: Softphone, tmp_path: Path
) -> None:
    call = await phone.call(
        "127.0.0.1",
        asterisk.config.sip_port,
        "1000",
        recording=tmp_path / "call.wav",
        user=asterisk.config.phone_user,
        password=asterisk.config.phone_password,
        no_media_s=0.5,
    )
    await call.answered
    await call.agent_quiet(100)
    await asterisk.kill()
    assert await call.ended == CallEnd(EndKind.NO_MEDIA)
