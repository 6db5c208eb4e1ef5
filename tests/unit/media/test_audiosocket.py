"""The codec against bytes of a real Asterisk, bytes made wrong by hand, and bytes that nobody thought of."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media.audiosocket import HANGUP, HEADER_BYTES, Decoder, Frame, FrameError, FrameProblem, Kind, encode

FIXTURES = Path(__file__).parents[2] / "fixtures" / "audiosocket"
LONGEST_FRAME = HEADER_BYTES + 4800

MALFORMED = {
    "empty-sound": (2, FrameProblem.EMPTY_AUDIO),
    "error-too-long": (2, FrameProblem.WRONG_LENGTH),
    "first-frame-is-hangup": (0, FrameProblem.BAD_FIRST_FRAME),
    "first-frame-is-sound": (0, FrameProblem.BAD_FIRST_FRAME),
    "hangup-with-payload": (2, FrameProblem.WRONG_LENGTH),
    "http-request": (0, FrameProblem.BAD_FIRST_FRAME),
    "key-of-two-bytes": (2, FrameProblem.WRONG_LENGTH),
    "key-without-payload": (2, FrameProblem.WRONG_LENGTH),
    "little-endian-length": (1, FrameProblem.ODD_AUDIO),
    "odd-sound": (2, FrameProblem.ODD_AUDIO),
    "one-byte-lost": (3, FrameProblem.SECOND_UUID),
    "oversized-sound": (2, FrameProblem.OVERSIZED_AUDIO),
    "oversized-sound-claimed": (2, FrameProblem.OVERSIZED_AUDIO),
    "second-uuid": (2, FrameProblem.SECOND_UUID),
    "sound-at-16khz": (1, FrameProblem.WRONG_RATE),
    "tls-client-hello": (0, FrameProblem.BAD_FIRST_FRAME),
    "unknown-kind-0x02": (2, FrameProblem.UNKNOWN_KIND),
    "unknown-kind-0x19": (1, FrameProblem.UNKNOWN_KIND),
    "unknown-kind-0xfe": (2, FrameProblem.UNKNOWN_KIND),
    "uuid-as-text": (0, FrameProblem.WRONG_UUID_LENGTH),
    "uuid-of-15-bytes": (0, FrameProblem.WRONG_UUID_LENGTH),
    "uuid-of-17-bytes": (0, FrameProblem.WRONG_UUID_LENGTH),
}
"""Name of the fixture → frames before the fault, and the fault."""


def decode(*chunks: bytes, audio: Kind = Kind.SLIN_8K) -> tuple[list[Frame], FrameProblem | None]:
    """All frames of the chunks, and the fault that ended them."""
    decoder = Decoder(audio)
    frames: list[Frame] = []
    try:
        for chunk in chunks:
            decoder.feed(chunk)
            while (frame := decoder.next_frame()) is not None:
                frames.append(frame)
            assert decoder.pending < LONGEST_FRAME
    except FrameError as error:
        return frames, error.problem
    return frames, None


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise(sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)}))]


def test_every_malformed_fixture_is_in_the_table() -> None:
    assert {p.stem.removeprefix("malformed-") for p in FIXTURES.glob("malformed-*.bin")} == set(MALFORMED)


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_malformed_bytes_are_called_what_they_are(name: str) -> None:
    frames, problem = decode((FIXTURES / f"malformed-{name}.bin").read_bytes())
    assert (len(frames), problem) == MALFORMED[name]


def test_what_asterisk_sends() -> None:
    frames, problem = decode((FIXTURES / "asterisk-22.10-8khz-with-keys.bin").read_bytes())
    assert problem is None
    assert frames[0].kind is Kind.UUID
    assert frames[0].uuid == UUID("87fae023-fefd-4704-9bd9-d3e573d479e3")
    assert [f.payload for f in frames if f.kind is Kind.DTMF] == [b"5", b"#"]
    sound = [f.payload for f in frames if f.kind is Kind.SLIN_8K]
    assert (len(frames), len(sound), {len(pcm) for pcm in sound}) == (83, 80, {320})
    assert b"".join(encode(*frame) for frame in frames) == (FIXTURES / "asterisk-22.10-8khz-with-keys.bin").read_bytes()


def test_sound_at_another_rate_is_taken_only_where_it_was_asked_for() -> None:
    data = (FIXTURES / "asterisk-22.10-16khz.bin").read_bytes()
    frames, problem = decode(data, audio=Kind.SLIN_16K)
    assert ([len(f.payload) for f in frames], problem) == ([16, 640, 640, 640], None)
    assert decode(data) == (frames[:1], FrameProblem.WRONG_RATE)


def test_all_kinds_that_may_come() -> None:
    frames, problem = decode((FIXTURES / "well-formed-all-kinds.bin").read_bytes())
    assert problem is None
    kinds = [Kind.UUID, Kind.SLIN_8K, Kind.SLIN_8K, Kind.DTMF, Kind.ERROR, Kind.ERROR, Kind.HANGUP]
    assert [f.kind for f in frames] == kinds
    assert [len(f.payload) for f in frames] == [16, 2, 4800, 1, 1, 0, 0]


@pytest.mark.parametrize(("name", "pending"), [("in-uuid", 9), ("in-header", 2), ("in-sound", 123)])
def test_a_truncated_frame_is_pending(name: str, pending: int) -> None:
    decoder = Decoder()
    decoder.feed((FIXTURES / f"truncated-{name}.bin").read_bytes())
    while decoder.next_frame() is not None:
        pass
    assert decoder.pending == pending


def test_a_claimed_length_is_refused_before_its_payload_is_stored() -> None:
    decoder = Decoder()
    decoder.feed(encode(Kind.UUID, uuid4().bytes) + b"\x10\xff\xfe")
    assert decoder.next_frame() is not None
    with pytest.raises(FrameError):
        decoder.next_frame()
    decoder.feed(bytes(65534))
    assert decoder.pending == 0
    with pytest.raises(FrameError) as caught:
        decoder.next_frame()
    assert (caught.value.problem, caught.value.code) == (FrameProblem.OVERSIZED_AUDIO, "media_malformed")


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        (Kind.SLIN_8K, 8000),
        (Kind.SLIN_12K, 12000),
        (Kind.SLIN_16K, 16000),
        (Kind.SLIN_24K, 24000),
        (Kind.SLIN_32K, 32000),
        (Kind.SLIN_44K1, 44100),
        (Kind.SLIN_48K, 48000),
        (Kind.SLIN_96K, 96000),
        (Kind.SLIN_192K, 192000),
    ],
)
def test_rates(kind: Kind, rate: int) -> None:
    assert kind.rate == rate
    assert decode(encode(Kind.UUID, bytes(16)), encode(kind, bytes(4)), audio=kind)[0][1] == Frame(kind, bytes(4))


@pytest.mark.parametrize("kind", [Kind.HANGUP, Kind.UUID, Kind.DTMF, Kind.ERROR])
def test_control_is_not_sound(kind: Kind) -> None:
    assert kind.rate == 0


def test_the_bytes_on_the_wire() -> None:
    assert HANGUP == encode(Kind.HANGUP) == bytes.fromhex("000000")
    assert encode(Kind.SLIN_8K, bytes(320)) == bytes.fromhex("100140") + bytes(320)
    assert encode(Kind.UUID, bytes(range(16))) == bytes.fromhex("010010") + bytes(range(16))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [(Kind.SLIN_8K, b""), (Kind.SLIN_8K, bytes(3)), (Kind.SLIN_8K, bytes(4802)), (Kind.UUID, bytes(15))],
)
def test_nothing_is_encoded_that_would_be_refused(kind: Kind, payload: bytes) -> None:
    with pytest.raises(FrameError):
        encode(kind, payload)


frames = st.one_of(
    st.builds(Frame, st.just(Kind.SLIN_8K), st.integers(1, 2400).map(lambda n: bytes(range(1, 3)) * n)),
    st.builds(Frame, st.just(Kind.DTMF), st.binary(min_size=1, max_size=1)),
    st.builds(Frame, st.just(Kind.ERROR), st.binary(max_size=255)),
    st.just(Frame(Kind.HANGUP, b"")),
)
uuids = st.builds(Frame, st.just(Kind.UUID), st.binary(min_size=16, max_size=16))
cuts = st.lists(st.integers(0, 1 << 16), max_size=40)


@given(uuids, st.lists(frames, max_size=8), cuts)
def test_round_trip_however_the_bytes_are_split(first: Frame, rest: list[Frame], cuts: list[int]) -> None:
    sent = [first, *rest]
    assert decode(*split(b"".join(encode(*frame) for frame in sent), cuts)) == (sent, None)


@given(uuids, st.lists(frames, max_size=3), st.binary(max_size=400), cuts)
def test_a_fault_is_the_same_however_the_bytes_are_split(
    first: Frame, rest: list[Frame], garbage: bytes, cuts: list[int]
) -> None:
    data = b"".join(encode(*frame) for frame in [first, *rest]) + garbage
    assert decode(*split(data, cuts)) == decode(data)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_garbage_raises_nothing_but_the_codecs_error(chunks: list[bytes]) -> None:
    decode(*chunks)
    decode(encode(Kind.UUID, bytes(16)), *chunks)


@given(st.sampled_from(sorted(MALFORMED)))
def test_byte_by_byte_is_no_different(name: str) -> None:
    data = (FIXTURES / f"malformed-{name}.bin").read_bytes()
    assert decode(*(data[i : i + 1] for i in range(len(data)))) == decode(data)
