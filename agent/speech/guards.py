"""What keeps a recogniser honest, without the recogniser: windows, limits, and what is no speech at all.

Whisper pads every utterance to 30 s and its encoder pays for all of it. Shorter windows are several times faster at
equal word error rate, but then the decoder sometimes says a thing twice, or loops; and in noise Whisper invents polite
phrases. The figures here come from measurements on telephone-band speech (docs/decisions/087, 088); the rules are pure,
so that they can be tested in tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.speech.inventions import is_credit, is_invention

FULL_WINDOW_S = 30.0
SHORTEST_WINDOW_S = 10.0  # under 8 s the decoder, trained on 30 s, repeats itself
WINDOW_MARGIN_S = 4.0
SHORTEST_COMPUTED_S = 3.0
COMPUTED_MARGIN_S = 1.0
LONGEST_SHORT_S = FULL_WINDOW_S - WINDOW_MARGIN_S
"""An utterance longer than this is decoded by the library, window after window."""

REPETITIVE = 1.9
"""Compression ratio above which the text repeats itself."""
HOPELESSLY_REPETITIVE = 2.4  # Whisper's own limit
REPEATED_WORDS = 3
"""A text that begins again after so many words, or that is one word so often, may be the decoder's repetition."""
UNSURE_LOGPROB = -1.0
"""Mean log probability per token below which the text is a guess."""
NO_SPEECH = 0.6  # Whisper's own limit
NOISE_LOGPROB = -1.2
"""A text is noise above that probability of no speech and below this log probability. Measured with the base model:
recorded letters and digits have up to 0.63, but then at least -1.0; music and noises at least 0.65 and at most -1.5."""

QUIET_PEAK = 130
"""Loudest sample, of 32768, under which there is nothing to hear: -48 dBFS, below the noise of a telephone line."""
VOICED_PROBABILITY = 0.35
VOICED_WINDOWS = 2
"""So many windows of 32 ms as probable as that must hold voice, or nothing is transcribed. The shortest of 272 recorded
letters, digits and single words has 11; 16 minutes of noises, tones and music without singing have none."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the recogniser sees of one utterance."""

    computed_s: float
    """So much of it is computed: the utterance, and silence."""
    whole_s: float
    """Its length: the rest is silence from memory."""


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


def windows(seconds: float) -> Sequence[Window]:
    """The windows for an utterance of so many seconds, at most LONGEST_SHORT_S, in the order in which they are tried.

    The first is the quickest; the next are for a text that is suspect, and compute all that they show.
    """
    computed_s = max(SHORTEST_COMPUTED_S, seconds + COMPUTED_MARGIN_S)
    whole_s = min(FULL_WINDOW_S, max(SHORTEST_WINDOW_S, seconds + WINDOW_MARGIN_S))
    return Window(computed_s, whole_s), Window(whole_s, whole_s), Window(FULL_WINDOW_S, FULL_WINDOW_S)


def token_limit(seconds: float) -> int:
    """Tokens an utterance of so many seconds can hold; fast English speech has about 5 a second."""
    return 10 + int(6 * seconds)


def is_suspect(decoding: Decoding, *, first: bool = True) -> bool:
    """Whether a pass must be done again over the next window. Noise is not worth another pass.

    A text that says everything twice is suspect after the `first` pass alone: people do say things twice.
    """
    return not _is_noise(decoding) and (_looks_wrong(decoding) or (first and says_it_again(decoding.text)))


def _looks_wrong(decoding: Decoding) -> bool:
    return decoding.capped or decoding.compression_ratio > REPETITIVE or decoding.mean_logprob < UNSURE_LOGPROB


def says_it_again(text: str) -> bool:
    """Whether a text ends by saying again, word for word, what it said just before, as a decoder in a loop does."""
    said = words(text).split()
    longest = len(said) // 2
    repeated = any(said[-size:] == said[-2 * size : -size] for size in range(REPEATED_WORDS, longest + 1))
    begins_again = any(
        said[start:] == said[: len(said) - start] for start in range(longest + 1, len(said) - REPEATED_WORDS + 1)
    )
    return repeated or begins_again or (len(said) >= REPEATED_WORDS and len(set(said[-REPEATED_WORDS:])) == 1)


def trusted_text(decoding: Decoding, language: str) -> str:
    """The text of the last pass, or nothing where it is noise, a loop, or a phrase invented where nobody spoke."""
    text = " ".join(decoding.text.split())
    invented = is_credit(words(text)) or is_invention(words(text), language, decoding.no_speech)
    looping = decoding.compression_ratio > HOPELESSLY_REPETITIVE
    if _is_noise(decoding) or invented or looping or not any(character.isalnum() for character in text):
        return ""
    return text


def _is_noise(decoding: Decoding) -> bool:
    return decoding.no_speech > NO_SPEECH and decoding.mean_logprob < NOISE_LOGPROB


def words(text: str) -> str:
    """Only letters, digits and single spaces, in lower case."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())
