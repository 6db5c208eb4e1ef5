"""When each word of a text ends within its sound, and so which words a caller heard before the sound was cut.

An estimate, for any voice behind the protocol: a word lasts about as long as its letters take to say, pauses are where
the sound is quiet, and punctuation is where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.speech.joints import FRAME, QUIET_DB, frame_levels_db, speech_level_db
from agent.speech.resampling import TELEPHONE_HZ
from agent.speech.spoken import spoken

ON_ITS_WAY_MS = 60
"""Sound that was sent and not yet heard: a frame of packetisation, one in flight, and the telephone's jitter buffer."""
UNSURE_MS = 120
"""How much later than its mark a word may really end. See docs/decisions/086."""

WORD_MS, VOWEL_MS, CONSONANT_MS, SECOND_VOWEL_MS, LAST_WORD_MS = 30, 55, 65, 35, 90
"""What a word, each group of vowels, each consonant, each further vowel of a group, and a place before punctuation
last: least squares over 988 words of 60 sentences, against the durations that Piper drew for them (rmse 54 ms)."""

SHORTEST_PAUSE_MS = 60
"""A quiet stretch within speech that is no closure of a "p" or "t"."""
PAUSE_DB = 30.0
"""How far below the level of speech a pause is."""
SHORTEST_MARKED_PAUSE_MS = 100
"""A pause that may stand for a punctuation mark."""
FARTHEST_ANCHOR_MS = 600
"""A pause farther from where a punctuation mark is expected has another reason."""

_VOWELS = re.compile(r"[aeiouyäöüàáâèéêëìíîïòóôùúûœæøå]+")
_ONE_SOUND = re.compile(r"tch|sch|ck|th|sh|ch|ph|wh|ng|([^\Waeiouyäöü])\1")
_PAUSE_MARKS = (".", "!", "?", "…", ",", ";", ":", "–", "—")


@dataclass(frozen=True, slots=True)
class WordMark:
    """The end of one word."""

    end: int
    """Characters of the text up to the end of the word, its punctuation included."""
    sample: int
    """Samples of 1/8000 s from the start of the clip to the end of the word."""


def word_marks(text: str, pcm: bytes, language: str) -> list[WordMark]:
    """One mark for each word of `text`, in order, never falling; no sound in `pcm`: all at its end.

    `pcm` is the sound of the whole text, 8 kHz signed 16-bit little-endian mono; `language` tells how its numbers are
    said. Takes 0.5-2 ms for a sentence.
    """
    words = list(re.finditer(r"\S+", text))
    total = len(pcm) // 2
    values = np.frombuffer(pcm[: total * 2], dtype="<i2").astype(np.float32) / np.float32(32768)
    levels = frame_levels_db(values)
    level = speech_level_db(levels)
    if level is None or not words:
        return [WordMark(word.end(), total) for word in words]
    loud = np.flatnonzero(levels > level - QUIET_DB)
    start, end = int(loud[0]), int(loud[-1]) + 1
    pauses = _pauses(levels, level, start, end)
    lasting = np.array([_weight(word[0], language) for word in words])
    frames = _ends(lasting, _before_pauses([word[0] for word in words]), start, end, pauses)
    samples = np.minimum(np.ceil(frames * FRAME), total).astype(int)
    return [WordMark(word.end(), int(sample)) for word, sample in zip(words, samples, strict=True)]


def heard_text(text: str, marks: Sequence[WordMark], sent_samples: int) -> str:
    """The words of `text` that a caller has surely heard when so many samples of its clip were sent, and then no more.

    Whole words; the doubtful last one is left out, for a model that believes it said more than it did talks past the
    caller. What was sent of the clips after it counts too: pass the samples sent since the first one of this clip.
    """
    sure = sent_samples - (ON_ITS_WAY_MS + UNSURE_MS) * TELEPHONE_HZ // 1000
    ends = [mark.end for mark in marks if mark.sample <= sure]
    return text[: ends[-1]].strip() if ends else ""


def _weight(word: str, language: str) -> float:
    """About how long a word takes to say, in milliseconds."""
    core = word.strip("\"'“”‘’«»(),;:!?*_")
    said = core if core.isalpha() else spoken(word, language) or word
    return sum(_token_ms(token) for token in re.split(r"[\s-]+", said) if token) or WORD_MS


def _token_ms(token: str) -> float:
    letters = re.sub(r"[\W\d_]+", "", token.lower())
    if not letters:
        return WORD_MS + 2 * VOWEL_MS * len(token)
    if not letters.isascii() and not _VOWELS.search(letters):
        return WORD_MS + (VOWEL_MS + CONSONANT_MS) * len(letters)  # a script of syllables
    sounds = _ONE_SOUND.sub("t", letters)
    if len(sounds) > 3 and re.search(r"[^aeiouy]e$", sounds):
        sounds = sounds[:-1]  # "house", "late"
    groups = _VOWELS.findall(sounds)
    vowels = sum(map(len, groups))
    return (
        WORD_MS
        + VOWEL_MS * max(len(groups), 1)
        + SECOND_VOWEL_MS * (vowels - len(groups))
        + CONSONANT_MS * (len(sounds) - vowels)
    )


def _before_pauses(words: list[str]) -> list[int]:
    """Which words a pause may follow; the last word is not among them."""
    return [index for index, word in enumerate(words[:-1]) if word.rstrip("\"'”’»)]*_").endswith(_PAUSE_MARKS)]


def _pauses(levels: NDArray[np.float64], level: float, start: int, end: int) -> list[tuple[int, int]]:
    """Quiet stretches between `start` and `end`, in frames: (first, after the last)."""
    quiet = np.concatenate(([False], levels[start:end] < level - PAUSE_DB, [False]))
    edges = (np.flatnonzero(quiet[1:] != quiet[:-1]) + start).reshape(-1, 2)
    shortest = SHORTEST_PAUSE_MS * TELEPHONE_HZ // 1000 // FRAME
    return [(int(first), int(last)) for first, last in edges if last - first >= shortest]


def _ends(
    lasting: NDArray[np.float64], before_pauses: list[int], start: int, end: int, pauses: list[tuple[int, int]]
) -> NDArray[np.float64]:
    """The frame in which each word ends: in proportion to `lasting` between the pauses that punctuation explains."""
    lasting = lasting.copy()
    lasting[[*before_pauses, len(lasting) - 1]] += LAST_WORD_MS
    anchors = _anchors(lasting, before_pauses, start, end, pauses)
    ends = np.empty(len(lasting))
    first, begin = 0, start
    for last, pause_start, pause_end in [*anchors, (len(lasting) - 1, end, end)]:
        share = np.cumsum(lasting[first : last + 1]) / np.sum(lasting[first : last + 1])
        inner = [pause for pause in pauses if begin <= pause[0] and pause[1] <= pause_start]
        ends[first : last + 1] = _at_share(share, begin, pause_start, inner)
        first, begin = last + 1, pause_end
    return ends


def _anchors(
    lasting: NDArray[np.float64], before_pauses: list[int], start: int, end: int, pauses: list[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """(word, first frame of the pause after it, frame after that pause), in order."""
    shortest = SHORTEST_MARKED_PAUSE_MS * TELEPHONE_HZ // 1000 // FRAME
    farthest = FARTHEST_ANCHOR_MS * TELEPHONE_HZ // 1000 // FRAME
    long = [pause for pause in pauses if pause[1] - pause[0] >= shortest]
    share = np.cumsum(lasting) / np.sum(lasting)
    expected = _at_share(share, start, end, long)
    anchors: list[tuple[int, int, int]] = []
    for word in before_pauses:
        free = [pause for pause in long if not anchors or pause[0] >= anchors[-1][2]]
        nearest = min(free, key=lambda pause: abs(pause[0] - expected[word]) - (pause[1] - pause[0]), default=None)
        if nearest is not None and abs(nearest[0] - expected[word]) <= farthest:
            anchors.append((word, *nearest))
    return anchors


def _at_share(share: NDArray[np.float64], start: int, end: int, pauses: list[tuple[int, int]]) -> NDArray[np.float64]:
    """Frames at which so much of the speech between `start` and `end` is over; pauses are no speech."""
    knots, spoken_frames = [start], [0]
    for first, last in pauses:
        spoken_frames += [spoken_frames[-1] + first - knots[-1]] * 2
        knots += [first, last]
    spoken_frames.append(spoken_frames[-1] + end - knots[-1])
    knots.append(end)
    apart = np.array(spoken_frames, dtype=float) + np.arange(len(knots)) * 1e-6
    return np.interp(share * spoken_frames[-1], apart, knots)
