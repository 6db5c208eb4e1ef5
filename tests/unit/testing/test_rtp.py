"""RTP packets, key presses and session descriptions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.testing.softphone import rtp, sdp

packets = st.builds(
    rtp.Packet,
    payload_type=st.integers(0, 127).filter(lambda kind: not 64 <= kind <= 95),  # RFC 5761: taken for RTCP
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=200),
    marker=st.booleans(),
)


@given(packets)
def test_a_packet_is_the_same_after_encoding_and_parsing(packet: rtp.Packet) -> None:
    assert rtp.parse(packet.encode()) == packet


def test_extension_sources_and_padding_are_left_out() -> None:
    head = bytes([0x80 | 0x20 | 0x10 | 2, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3])
    sources = bytes(8)
    extension = bytes([0xBE, 0xDE, 0, 1, 9, 9, 9, 9])
    assert rtp.parse(head + sources + extension + b"sound" + bytes([0, 0, 3])).payload == b"sound"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80\x00" + bytes(9),
        b"\x40\x00" + bytes(10),  # version 1
        b"\x80\xc8" + bytes(26),  # RTCP sender report
        b"\x8f\x00" + bytes(10),  # 15 sources that are not there
        b"\x90\x00" + bytes(10) + b"\x00",  # extension cut off
        b"\xa0\x00" + bytes(10) + b"\xff",  # more padding than packet
    ],
)
def test_what_is_no_rtp_is_refused(datagram: bytes) -> None:
    with pytest.raises(rtp.RtpSyntaxError):
        rtp.parse(datagram)


@given(st.binary(max_size=64))
def test_any_bytes_are_parsed_or_refused(datagram: bytes) -> None:
    try:
        packet = rtp.parse(datagram)
    except rtp.RtpSyntaxError:
        return
    assert len(packet.payload) <= len(datagram) - 12


def test_sound_survives_the_way_through_ulaw() -> None:
    pcm = np.arange(-32000, 32000, 7, dtype=np.int16)
    back = rtp.from_ulaw(rtp.to_ulaw(pcm)).astype(float)
    assert np.all(np.abs(back - pcm) <= np.maximum(np.abs(pcm.astype(float)) / 16, 8))
    assert rtp.to_ulaw(np.zeros(3, np.int16)) == b"\xff\xff\xff"


def test_a_key_press_by_rfc_4733() -> None:
    presses = list(rtp.key_press("#", frames=3))
    assert [first for _, first in presses] == [True, False, False, False, False]
    codes, flags, durations = zip(*((p[0], p[1], int.from_bytes(p[2:], "big")) for p, _ in presses), strict=True)
    assert set(codes) == {11}
    assert [bool(flag & 0x80) for flag in flags] == [False, False, True, True, True]
    assert durations == (160, 320, 480, 480, 480)
    assert [rtp.parse_key(payload) for payload, _ in presses] == [("#", False)] * 2 + [("#", True)] * 3


@pytest.mark.parametrize("key", ["", "12", "x", "E"])
def test_unknown_keys_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no such key"):
        list(rtp.key_press(key, frames=3))


def test_other_events_are_no_keys() -> None:
    assert rtp.parse_key(bytes([16, 10, 0, 160])) is None  # hook flash
    assert rtp.parse_key(b"\x01\x02") is None


def test_an_offer_is_understood() -> None:
    offer = sdp.build(host="127.0.0.1", port=4000, session=1)
    assert sdp.parse(offer) == sdp.Media("127.0.0.1", 4000, pcmu=True, event_payload=101)
    plain = sdp.build(host="127.0.0.1", port=4000, session=1, event_payload=None, direction="recvonly")
    assert sdp.parse(plain) == sdp.Media("127.0.0.1", 4000, pcmu=True, event_payload=None, direction="recvonly")


def test_an_answer_of_another_kind_is_understood() -> None:
    """The audio stream's own address wins; another stream's lines do not count; events only if they are agreed."""
    body = (
        b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=inactive\r\n"
        b"m=video 5000 RTP/AVP 0\r\nc=IN IP4 10.0.0.9\r\na=rtpmap:0 telephone-event/8000\r\n"
        b"m=audio 6000/2 RTP/AVP 8 96\r\nc=IN IP4 10.0.0.2\r\na=rtpmap:97 telephone-event/8000\r\n"
        b"a=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"
        b"m=audio 7000 RTP/AVP 0\r\na=recvonly\r\n"
    )
    assert sdp.parse(body) == sdp.Media("10.0.0.2", 6000, pcmu=False, event_payload=96, direction="sendonly")


@pytest.mark.parametrize(
    "body", [b"", b"v=0\r\n", b"c=IN IP4 h\r\nm=video 1 RTP/AVP 0\r\n", b"m=audio 4000 RTP/AVP 0\r\n"]
)
def test_a_description_without_sound_is_refused(body: bytes) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.parse(body)


@given(st.binary(max_size=200))
def test_any_description_is_understood_or_refused(tail: bytes) -> None:
    for body in (tail, b"c=IN IP4 h\r\nm=audio 9 RTP/AVP 0\r\na=" + tail):
        try:
            media = sdp.parse(body)
        except sdp.SdpError:
            continue
        assert 0 <= media.port <= 65535
