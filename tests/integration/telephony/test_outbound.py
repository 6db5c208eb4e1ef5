"""Calls that we place through a real Asterisk over a real line, and how each of them ends."""

from __future__ import annotations

import socket
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.dialing import Dial
from agent.domain.events import CallChanged
from agent.media.stream import MediaStream
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvents
from agent.telephony.ending import Ending
from agent.telephony.inputs import ChannelInputs
from agent.testing.callees import Callee, answers, early_media, hangs_up_after, listens, rejects, rings_on
from agent.testing.noise import SPEECH_DBFS, at_level
from agent.testing.softphone import EndKind, IncomingCall, PhoneCall
from agent.testing.tone import tone
from agent.testing.trunk_peer import TrunkPeer
from tests.integration.telephony.exchange import Exchange, asterisk_settings, open_exchange

BEEP = at_level(tone(440, 0.5), SPEECH_DBFS)
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)).astype(np.int16)
"""Half a second."""


async def rings_then_answers(incoming: IncomingCall) -> None:
    incoming.ring()
    await listens(incoming.answer())


async def hears_first(call: PhoneCall) -> None:
    await call.agent_started()


CALLEES: dict[str, Callee] = {
    "+491": rings_then_answers,
    "+492": early_media(BEEP, answers(hangs_up_after(hears_first))),
    "+493": rings_on,
    "+494": answers(hangs_up_after(hears_first)),
    **{f"+49{code}": rejects(code) for code in (486, 603, 404, 480, 503, 408)},
}


@dataclass
class Line:
    """A private Asterisk with a living line, a dead one and our switchboard."""

    asterisk: AsteriskInstance
    peer: TrunkPeer
    exchange: Exchange


def way(number: str, *, endpoint: str = "line", ring_timeout_s: float = 20) -> Dial:
    return Dial(trunk=endpoint, endpoint=endpoint, number=number, caller_id="+4930999", ring_timeout_s=ring_timeout_s)


@asynccontextmanager
async def dead_address() -> AsyncIterator[int]:
    """A UDP port where everything arrives and nothing is ever answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield nobody.getsockname()[1]


@pytest_asyncio.fixture
async def line(prefix: Path, tmp_path: Path) -> AsyncIterator[Line]:
    async with dead_address() as dead, TrunkPeer(CALLEES.__getitem__, tmp_path) as peer:
        trunks = (
            Trunk("line", *peer.address, "me", registers=False),
            Trunk("dead", "127.0.0.1", dead, "me", registers=False),
        )
        asterisk = AsteriskInstance(prefix, AsteriskConfig(trunks=trunks), tmp_path / "asterisk")
        await asterisk.start()
        try:
            async with open_exchange(asterisk.config, tmp_path) as exchange:
                await exchange.connected()
                yield Line(asterisk, peer, exchange)
        finally:
            await asterisk.stop()


async def greet(_call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
    await stream.playout.play(TONE.tobytes()).done
    await stream.closed
    return EndedReason.CALLER_HANGUP


def outcome(call: Call) -> tuple[CallStatus, EndedReason | None, int | None]:
    return call.status, call.ended_reason, call.sip_code


def loud(recording: Path) -> range:
    """From the first to the last loud sample that came from Asterisk."""
    with wave.open(str(recording)) as wav:
        right = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)[1::2]
    (samples,) = np.nonzero(np.abs(right.astype(np.int32)) > 1000)
    return range(int(samples[0]), int(samples[-1]) + 1)


async def test_each_line_of_the_table(line: Line) -> None:
    """All at once, as a busy line has them."""
    failed, no_answer = CallStatus.FAILED, CallStatus.NO_ANSWER
    table = {
        way("+494"): (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, None),
        way("+492"): (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, None),
        way("+49486"): (CallStatus.BUSY, EndedReason.BUSY, 486),
        way("+49603"): (failed, EndedReason.REJECTED, 603),
        way("+49404"): (failed, EndedReason.INVALID_DESTINATION, 404),
        way("+49480"): (no_answer, EndedReason.NO_ANSWER, 480),
        way("+49503"): (failed, EndedReason.TELEPHONY_ERROR, 503),
        way("+49408"): (no_answer, EndedReason.NO_ANSWER, 408),
        way("+493", ring_timeout_s=1): (no_answer, EndedReason.NO_ANSWER, None),
        way("+491", endpoint="dead", ring_timeout_s=1): (failed, EndedReason.TELEPHONY_ERROR, None),
        way("+491", endpoint="nowhere"): (failed, EndedReason.TELEPHONY_ERROR, None),
        way("+491", endpoint="phone"): (failed, EndedReason.TELEPHONY_ERROR, None),
    }
    line.exchange.handler = greet
    placed = {dial: line.exchange.place(dial) for dial in table}
    assert {dial: outcome(await placing) for dial, placing in placed.items()} == table
    assert len(line.peer.calls) == 9, "those of the dead line and the two endpoints without an address reached nobody"
    assert {call.caller for call in line.peer.calls} == {"+4930999"}
    undialled = [placed[way("+491", endpoint=endpoint)].result() for endpoint in ("nowhere", "phone")]
    for call in await line.exchange.ended(len(table)):
        history = [e.call.status for e in line.exchange.events if isinstance(e, CallChanged) and e.call_id == call.id]
        assert history[0] is (failed if call in undialled else CallStatus.RINGING)
    await line.exchange.check_nothing_left()


async def test_nothing_is_said_into_ringing_and_all_of_it_after_the_answer(line: Line) -> None:
    line.exchange.handler = greet
    call = await line.exchange.place(way("+492"))
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, None)
    incoming = line.peer.calls[0]
    await incoming.over()
    heard = loud(incoming.recording)
    assert heard.start >= len(BEEP), "for so long at least there was sound both ways, and no answer"
    await line.exchange.check_nothing_left()


async def test_the_next_line_takes_over_from_a_congested_and_a_dead_one(line: Line) -> None:
    placing = line.exchange.place(way("+49503"), way("+491", endpoint="dead", ring_timeout_s=1), way("+491"))
    incoming = await line.peer.came(2)
    assert incoming.number == "+491"
    await line.exchange.watch.until(lambda: bool(line.exchange.streams))
    await incoming.hang_up()
    assert outcome(await placing) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, None)
    await line.exchange.check_nothing_left()


async def test_it_is_taken_back_while_it_rings(line: Line) -> None:
    placing = line.exchange.place(way("+493"), call_id="call_back")
    incoming = await line.peer.came()
    await line.exchange.watch.until(lambda: bool(line.exchange.events))
    session = line.exchange.switchboard.session("call_back")
    assert session is not None
    session.end(Ending(EndedReason.API_HANGUP))
    assert (await incoming.over()).kind is EndKind.REMOTE_CANCELED
    assert outcome(await placing) == (CallStatus.CANCELED, EndedReason.CANCELED, None)
    assert line.exchange.streams == []
    await line.exchange.check_nothing_left()


async def test_we_hang_up_and_the_callee_hears_all_of_our_goodbye(line: Line) -> None:
    async def say_goodbye(_call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
        await stream.playout.play(TONE.tobytes()).done
        return EndedReason.AGENT_HANGUP

    line.exchange.handler = say_goodbye
    call = await line.exchange.place(way("+491"))
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP, None)
    incoming = line.peer.calls[0]
    assert (await incoming.over()).kind is EndKind.REMOTE_HUNG_UP
    assert len(loud(incoming.recording)) >= len(TONE) - 320, "from its first sample on, though it began at the answer"
    await line.exchange.check_nothing_left()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_asterisk_goes_while_one_call_rings_and_one_is_talked(line: Line, end: str) -> None:
    ringing = line.exchange.place(way("+493"))
    talked = line.exchange.place(way("+491"))
    await line.peer.came(2)
    await line.exchange.watch.until(lambda: bool(line.exchange.streams))
    await getattr(line.asterisk, end)()
    assert outcome(await ringing) == (CallStatus.FAILED, EndedReason.TELEPHONY_ERROR, None)
    assert outcome(await talked) == (CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR, None)
    await line.asterisk.start()
    await line.exchange.connected()
    await line.exchange.check_nothing_left()
    for incoming in line.peer.calls:
        await incoming.abandon()


async def test_a_ringing_leg_of_an_earlier_life_is_hung_up(line: Line, tmp_path: Path) -> None:
    """A program that was killed leaves a leg that rings; the next one takes it back."""
    await line.exchange.switchboard.close()
    async with AriClient(asterisk_settings(line.asterisk.config)) as ari:
        earlier = AriEvents(ari, on_event=lambda _event: None, on_link=lambda _state: None)
        await earlier.start()
        await ari.create_channel("phone-agent.leg_left", "PJSIP/+493@line")
        await ari.dial("phone-agent.leg_left", timeout_s=60)
        incoming = await line.peer.came()
        await earlier.close()
        async with open_exchange(line.asterisk.config, tmp_path) as next_life:
            await next_life.connected()
            assert (await incoming.over()).kind is EndKind.REMOTE_CANCELED
            assert next_life.events == []
            await next_life.check_nothing_left()
