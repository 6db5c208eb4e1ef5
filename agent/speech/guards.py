"""What keeps a recogniser honest, without the recogniser: windows, limits, and what is no speech at all.

Whisper pads every utterance to 30 s and its encoder pays for all of it. A shorter window is about three times faster at
equal word error rate, but then the decoder sometimes loops; and in silence Whisper invents polite phrases. The figures
here come from measurements on telephone-band speech; the rules are pure, so that they can be tested in tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FULL_WINDOW_S = 30.0
SHORTEST_WINDOW_S = 10.0  # under 8 s the encoder, trained on 30 s, makes mistakes
WINDOW_MARGIN_S = 4.0
LONGEST_SHORT_S = FULL_WINDOW_S - WINDOW_MARGIN_S
"""An utterance longer than this is decoded by the library, window after window."""

REPETITIVE = 1.9
"""Compression ratio above which the text repeats itself."""
HOPELESSLY_REPETITIVE = 2.4  # Whisper's own limit
UNSURE_LOGPROB = -1.0
"""Mean log probability per token below which the text is a guess."""
NO_SPEECH = 0.6
"""Probability of no speech from which an unsure text, or a phrase that Whisper is known to invent, is dropped. It is
Whisper's own limit, and it parts them well. Measured with the base model: recorded prompts, down to single letters, at
most 0.26 on a clean line and 0.54 (99th of 100) under noise of 10 dB; noise, hum, clicks and ringing alone at least
0.78."""

QUIET_PEAK = 130
"""Loudest sample, of 32768, under which there is nothing to hear: -48 dBFS, below the noise of a telephone line."""

_INVENTED = frozenset(
    {
        "you",
        "the",
        "so",
        "thank you",
        "thank you very much",
        "thank you so much",
        "thank you for watching",
        "thanks for watching",
        "thanks for listening",
        "please subscribe",
        "subscribe to my channel",
        "see you next time",
        "see you in the next video",
        "ill see you next time",
        "bye",
        "bye bye",
        "subtitles by the amara org community",
    }
)


@dataclass(frozen=True, slots=True)
class Decoding:
    """One pass of the recogniser over one utterance."""

    text: str
    mean_logprob: float
    """Mean log probability per token, at most 0."""
    compression_ratio: float
    """Bytes of the text over bytes of it compressed by zlib."""
    no_speech: float
    """Probability that nobody speaks, 0 to 1."""
    capped: bool
    """Whether the limit of tokens ended the text."""


def window_s(seconds: float) -> float:
    """How long the encoder's window is for an utterance of so many seconds; never longer than Whisper's 30 s."""
    return min(FULL_WINDOW_S, max(SHORTEST_WINDOW_S, seconds + WINDOW_MARGIN_S))


def token_limit(seconds: float) -> int:
    """Tokens an utterance of so many seconds can hold; fast English speech has about 5 a second."""
    return 10 + int(6 * seconds)


def is_suspect(decoding: Decoding) -> bool:
    """Whether a pass over a short window must be done again over the full one. Noise is not worth a second pass."""
    return not _is_noise(decoding) and _looks_wrong(decoding)


def _looks_wrong(decoding: Decoding) -> bool:
    return decoding.capped or decoding.compression_ratio > REPETITIVE or decoding.mean_logprob < UNSURE_LOGPROB


def trusted_text(decoding: Decoding) -> str:
    """The text of the last pass, or nothing where it is noise, a loop, or a phrase invented in silence."""
    text = " ".join(decoding.text.split())
    invented = decoding.no_speech > NO_SPEECH and words(text) in _INVENTED
    looping = decoding.compression_ratio > HOPELESSLY_REPETITIVE
    if _is_noise(decoding) or invented or looping or not any(character.isalnum() for character in text):
        return ""
    return text


def _is_noise(decoding: Decoding) -> bool:
    return decoding.no_speech > NO_SPEECH and decoding.mean_logprob < UNSURE_LOGPROB


def words(text: str) -> str:
    """Only letters, digits and single spaces, in lower case."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())
