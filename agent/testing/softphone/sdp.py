"""The little of SDP (RFC 4566, offer and answer by RFC 3264) that one audio stream of PCMU needs."""

from __future__ import annotations

from dataclasses import dataclass

PCMU = 0
EVENT_PAYLOAD = 101  # dynamic; what most telephones offer for telephone-event


class SdpError(ValueError):
    """The description cannot be used."""


@dataclass(frozen=True, slots=True)
class Media:
    """Where and how the other side takes sound."""

    host: str
    port: int
    """0: the stream was refused."""
    pcmu: bool
    event_payload: int | None
    """Payload type of telephone-event at 8 kHz; None where it was not agreed."""
    direction: str = "sendrecv"
    """Seen from the side that wrote the description."""


def build(
    *,
    host: str,
    port: int,
    session: int,
    version: int = 1,
    event_payload: int | None = EVENT_PAYLOAD,
    direction: str = "sendrecv",
) -> bytes:
    """An offer or answer: PCMU in packets of 20 ms, and telephone-event unless `event_payload` is None."""
    formats = [PCMU] if event_payload is None else [PCMU, event_payload]
    lines = [
        "v=0",
        f"o=- {session} {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, formats))}",
        "a=rtpmap:0 PCMU/8000",
    ]
    if event_payload is not None:
        lines += [f"a=rtpmap:{event_payload} telephone-event/8000", f"a=fmtp:{event_payload} 0-15"]
    return ("\r\n".join([*lines, "a=ptime:20", f"a={direction}", ""])).encode()


def parse(body: bytes) -> Media:
    """The first audio stream. Raises SdpError."""
    host, port, formats, events, direction = "", -1, [], None, "sendrecv"
    in_audio = in_other = False
    for line in body.decode("utf-8", "replace").splitlines():
        kind, _, value = line.partition("=")
        value = value.strip()
        if kind == "m":
            words = value.split()
            first_audio = (
                port < 0 and len(words) >= 4 and words[0] == "audio" and words[1].partition("/")[0].isdecimal()
            )
            in_audio, in_other = first_audio, not first_audio
            if first_audio:
                port, formats = int(words[1].partition("/")[0]), words[3:]
        elif kind == "c" and not in_other and value.startswith("IN IP4 "):
            host = value[7:].partition("/")[0]
        elif kind == "a" and not in_other:
            if value in {"sendrecv", "sendonly", "recvonly", "inactive"}:
                direction = value
            elif in_audio and value.startswith("rtpmap:") and value.lower().endswith(" telephone-event/8000"):
                number = value[7:].partition(" ")[0]
                events = int(number) if number.isdecimal() and number in formats else events
    if not 0 <= port <= 65535 or not host:
        raise SdpError("no audio stream with an address")
    return Media(host=host, port=port, pcmu=str(PCMU) in formats, event_payload=events, direction=direction)
