"""The clients of ears and mouth against servers that do well, badly, or nothing."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.tts import Synthesize

from agent.errors import ConfigurationError, SpeechToTextError, TextToSpeechError
from agent.speech.gate import Gate
from agent.speech.stt import DETECT, WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.speech.urgency import Urgency

Behaviour = Callable[[Reader, Writer], Awaitable[None]]
SECOND = bytes(16000)


@asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[str]:
    """A server on TCP that treats each client like this; gives its URI."""
    tasks: list[asyncio.Task[None]] = []

    async def client(reader: Reader, writer: Writer) -> None:
        try:
            await behave(reader, writer)
        finally:
            writer.close()

    def accept(reader: Reader, writer: Writer) -> None:
        tasks.append(asyncio.create_task(client(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request(reader: Reader, last: type[AudioStop | Synthesize] = AudioStop) -> list[Event]:
    events = []
    while event := await async_read_event(reader):
        events.append(event)
        if last.is_type(event.type):
            break
    return events


def answering(*events: Event, last: type[AudioStop | Synthesize] = AudioStop) -> Behaviour:
    async def behave(reader: Reader, writer: Writer) -> None:
        await request(reader, last)
        for event in events:
            await async_write_event(event, writer)

    return behave


def raw(answer: bytes, last: type[AudioStop | Synthesize] = AudioStop) -> Behaviour:
    async def behave(reader: Reader, writer: Writer) -> None:
        await request(reader, last)
        writer.write(answer)

    return behave


async def silent(reader: Reader, writer: Writer) -> None:
    await reader.read()


async def test_ears_are_sent_16_khz_and_the_language() -> None:
    seen: list[Event] = []

    async def behave(reader: Reader, writer: Writer) -> None:
        seen.extend(await request(reader))
        await async_write_event(Event("transcript-start"), writer)  # a streaming server's extra, to be passed over
        await async_write_event(Transcript(text="  two words ").event(), writer)

    async with serving(behave) as uri:
        heard = await WyomingSpeechToText(uri, 60).transcribe(SECOND, language="de")
    assert heard.text == "two words"
    assert heard.seconds > 0
    assert Transcribe.from_event(seen[0]).language == "de"
    assert AudioStart.from_event(seen[1]).rate == 16000
    chunks = [AudioChunk.from_event(event) for event in seen[2:-1]]
    assert sum(len(chunk.audio) for chunk in chunks) == 32000
    assert {chunk.rate for chunk in chunks} == {16000}


async def test_ears_are_told_of_terms_and_asked_to_detect() -> None:
    seen: list[Event] = []

    async def behave(reader: Reader, writer: Writer) -> None:
        seen.extend(await request(reader))
        await async_write_event(Transcript(text="oui", language="fr").event(), writer)

    async with serving(behave) as uri:
        heard = await WyomingSpeechToText(uri, 60).transcribe(SECOND, language=DETECT, terms=("Ann", "Bob"))
    assert heard.language == "fr"
    assert Transcribe.from_event(seen[0]).language is None
    assert Transcribe.from_event(seen[0]).transcript_terms == ["Ann", "Bob"]


async def test_a_caller_who_waits_overtakes_in_ears_and_mouth_those_who_may_wait() -> None:
    order: list[str] = []
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hear(reader: Reader, writer: Writer) -> None:
        order.append(Transcribe.from_event((await request(reader))[0]).language or "")
        asked.set()
        await go_on.wait()
        await async_write_event(Transcript(text="yes").event(), writer)

    async def say(reader: Reader, writer: Writer) -> None:
        order.append(Synthesize.from_event((await request(reader, Synthesize))[0]).text)
        asked.set()
        await go_on.wait()
        await async_write_event(AudioStop().event(), writer)

    async with serving(hear) as ears, serving(say) as mouth:
        stt = WyomingSpeechToText(ears, 60, Gate())
        tts = WyomingTextToSpeech(mouth, 60, gate=Gate())
        for begin in (
            lambda name, urgency: stt.transcribe(SECOND, language=name, urgency=urgency),
            lambda name, urgency: tts.synthesize(name, voice="", urgency=urgency),
        ):
            order.clear()
            asked.clear()
            go_on.clear()
            first = asyncio.create_task(begin("first", Urgency.BACKGROUND))
            await asked.wait()
            rest = [
                asyncio.create_task(begin(name, urgency))
                for name, urgency in (("guess", Urgency.SPECULATION), ("caller", Urgency.CALLER_WAITS))
            ]
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(first, *rest)
            assert order == ["first", "caller", "guess"]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (answering(Error(text="no model").event()), "no model"),
        (answering(), "closed the connection"),
        (raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "closed the connection"),
        (raw(b"[1, 2]\n"), "cannot be reached"),
        (raw(b'{"type": "transcript", "data_length": 90}\n{'), "cannot be reached"),
    ],
)
async def test_ears_that_fail(behaviour: Behaviour, said: str) -> None:
    async with serving(behaviour) as uri:
        with pytest.raises(SpeechToTextError, match=said) as caught:
            await WyomingSpeechToText(uri, 60).transcribe(SECOND, language="en")
    assert caught.value.code == "stt_error"


async def test_ears_that_are_too_slow() -> None:
    async with serving(silent) as uri:
        with pytest.raises(SpeechToTextError, match=r"within 0\.05 s") as caught:
            await WyomingSpeechToText(uri, 0.05).transcribe(SECOND, language="en")
    assert caught.value.code == "stt_timeout"


async def test_ears_that_are_not_there(unused_tcp_port: int) -> None:
    for uri in (f"tcp://127.0.0.1:{unused_tcp_port}", "unix:///nowhere/at/all"):
        with pytest.raises(SpeechToTextError, match="cannot be reached") as caught:
            await WyomingSpeechToText(uri, 60).transcribe(SECOND, language="en")
        assert caught.value.code == "stt_error"


async def test_a_mouth_is_heard_at_8_khz_whatever_it_sends() -> None:
    seen: list[Event] = []
    tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050) * 8000
    stereo = np.repeat(tone.astype("<i2"), 2).tobytes()
    shape = {"rate": 22050, "width": 2, "channels": 2}

    async def behave(reader: Reader, writer: Writer) -> None:
        seen.extend(await request(reader, Synthesize))
        await async_write_event(AudioStart(**shape).event(), writer)
        for start in range(0, len(stereo), 5000):
            await async_write_event(AudioChunk(audio=stereo[start : start + 5000], **shape).event(), writer)
        await async_write_event(AudioStop().event(), writer)

    async with serving(behave) as uri:
        sound = await WyomingTextToSpeech(uri, 60, "ann").synthesize("Hello.", voice="")
        await WyomingTextToSpeech(uri, 60, "ann").synthesize("Hello.", voice="bob")
        await WyomingTextToSpeech(uri, 60).synthesize("Hello.", voice="")
    assert len(sound) == 16000
    spectrum = np.abs(np.fft.rfft(np.frombuffer(sound, dtype="<i2").astype(float)))
    assert int(spectrum.argmax()) == 440
    voices = [Synthesize.from_event(event).voice for event in seen]
    assert [voice.name if voice else None for voice in voices] == ["ann", "bob", None]


async def test_nothing_to_say_asks_nobody(unused_tcp_port: int) -> None:
    assert await WyomingTextToSpeech(f"tcp://127.0.0.1:{unused_tcp_port}", 60).synthesize(" – ", voice="") == b""


CHUNK = AudioChunk(rate=8000, width=2, channels=1, audio=bytes(16)).event()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (answering(Error(text="no voice").event(), last=Synthesize), "no voice"),
        (answering(CHUNK, last=Synthesize), "in mid-sentence"),
        (
            answering(AudioChunk(rate=8000, width=3, channels=1, audio=b"abc").event(), last=Synthesize),
            "cannot be read",
        ),
        (answering(Event("audio-chunk", {}, b"ab"), last=Synthesize), "cannot be read"),
        (raw(b'{"type": 1, "data": 5, "data_length": 3}\n[1]', last=Synthesize), "cannot be reached"),
    ],
)
async def test_a_mouth_that_fails(behaviour: Behaviour, said: str) -> None:
    async with serving(behaviour) as uri:
        with pytest.raises(TextToSpeechError, match=said) as caught:
            await WyomingTextToSpeech(uri, 60).synthesize("Hello.", voice="")
    assert caught.value.code == "tts_error"


async def test_a_mouth_that_never_ends_is_shut() -> None:
    minute = AudioChunk(rate=8000, width=2, channels=1, audio=bytes(960_000)).event()
    async with serving(answering(minute, minute, minute, last=Synthesize)) as uri:
        with pytest.raises(TextToSpeechError, match="more than 120 s"):
            await WyomingTextToSpeech(uri, 60).synthesize("Hello.", voice="")


async def test_a_mouth_that_is_too_slow() -> None:
    async with serving(silent) as uri:
        with pytest.raises(TextToSpeechError, match=r"within 0\.05 s") as caught:
            await WyomingTextToSpeech(uri, 0.05).synthesize("Hello.", voice="")
    assert caught.value.code == "tts_timeout"


async def test_who_is_cancelled_hangs_up() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def behave(reader: Reader, writer: Writer) -> None:
        await request(reader)
        asked.set()
        await reader.read()
        gone.set()

    async with serving(behave) as uri:
        work = asyncio.create_task(WyomingSpeechToText(uri, 60).transcribe(SECOND, language="en"))
        await asked.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await gone.wait()


@pytest.mark.parametrize("uri", ["", "localhost:10300", "http://127.0.0.1:1", "tcp://host", "tcp://host:x", "unix://"])
def test_what_is_no_address_is_refused_at_once(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a Wyoming server"):
        WyomingSpeechToText(uri, 1)
    with pytest.raises(ConfigurationError, match="is not a Wyoming server"):
        WyomingTextToSpeech(uri, 1)
