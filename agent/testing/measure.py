"""Measures on recorded sound: where somebody speaks, how long an answer took, how fast it stopped, where it broke.

All positions and lengths are samples at 8 kHz on the recording's clock.

**The detector.** Levels (RMS) are taken over windows of 5 ms. The noise floor is their 10th percentile, at least
-75 dBFS. The top is the 90th percentile of the windows that stand out from the floor. A window is loud from
max(floor + 10 dB, top - 35 dB, -55 dBFS) on. Speech begins with the first of four loud windows in a row (20 ms: a click
is shorter) and ends after the last two loud windows in a row that are followed by `join_ms` without such. Within the
outer windows the first and last sample that reach the threshold count, so a sound that starts at once is found to the
sample where there is no noise; a voice that fades in counts from where it crosses the threshold.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.media.pcm import level_profile_dbfs
from agent.media.schedule import SAMPLE_RATE

Pcm = npt.NDArray[np.int16]

WINDOW_MS = 5
WINDOW = SAMPLE_RATE * WINDOW_MS // 1000
FLOOR_PERCENTILE = 10  # in any call of use somebody is silent for a tenth of the time
LOWEST_FLOOR_DBFS = -75.0  # below the smallest step of µ-law: digital silence
ABOVE_FLOOR_DB = 10.0  # white noise exceeds its own mean level by 3 dB in a window of 5 ms
CLIP_RANGE_DB = 35.0  # so that the edges of a clip without any pause are still found 25 dB below its loud parts
BELOW_TOP_DB = 35.0  # the weak sounds of speech lie 20 to 30 dB below its vowels
LOWEST_DBFS = -55.0  # what is quieter can hardly be heard in a telephone
RUN_WINDOWS = 4
TAIL_WINDOWS = 2  # 10 ms: a final consonant is as short, a click is shorter
JOIN_MS = 300  # shorter gaps lie inside a sentence
HOLE_MS = 40  # two packets: what a telephone's loss concealment cannot hide
LONGEST_HOLE_MS = 2000  # what comes later is another utterance
PACKET = 4 * WINDOW
DIGITAL_SILENCE = 8  # the first step of µ-law


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the recording; `end` is the first sample that is not part of it."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """In samples."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Answer:
    """What followed one utterance of the caller's."""

    caller: Span
    agent: Span | None
    """The agent's first speech that follows; None: there was none before the caller spoke again."""
    overlapped: bool
    """The agent was speaking when the caller ended: no latency can be told."""

    @property
    def latency(self) -> int | None:
        """Voice to voice: from the end of the caller's energy to the onset of the agent's."""
        return None if self.agent is None or self.overlapped else self.agent.start - self.caller.end


def read_tracks(path: Path) -> tuple[Pcm, Pcm]:
    """Sent and received track of a softphone's recording. Raises ValueError for another kind of file."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (2, 2, SAMPLE_RATE):
            raise ValueError(f"{path} is no recording of a softphone: two tracks of 16 bits at 8 kHz are expected")
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def threshold_dbfs(pcm: Pcm) -> float:
    """From which level on a window of this track is loud."""
    return _threshold(_levels(pcm))


def speech_spans(pcm: Pcm, *, join_ms: int = JOIN_MS, threshold: float | None = None) -> list[Span]:
    """Where there is speech on a track, in order. `threshold` in dBFS; None: that of the track."""
    levels = _levels(pcm)
    threshold = _threshold(levels) if threshold is None else threshold
    spans: list[Span] = []
    for first, after in _runs(levels >= threshold):
        if spans and (first * WINDOW - spans[-1].end) < join_ms * SAMPLE_RATE // 1000:
            if after - first >= TAIL_WINDOWS:
                spans[-1] = Span(spans[-1].start, after * WINDOW)
        elif after - first >= RUN_WINDOWS:
            spans.append(Span(first * WINDOW, after * WINDOW))
    return [_to_the_sample(pcm, span, threshold) for span in spans]


def answers(caller: Sequence[Span], agent: Sequence[Span]) -> list[Answer]:
    """For each utterance of the caller's what followed it until the next one. Both in order."""
    found = []
    for index, span in enumerate(caller):
        until = caller[index + 1].start if index + 1 < len(caller) else None
        overlapped = any(one.start < span.end < one.end for one in agent)
        following = (one for one in agent if one.start >= span.end and (until is None or one.start < until))
        found.append(Answer(span, next(following, None), overlapped))
    return found


def stop_time(onset: int, agent: Sequence[Span]) -> int | None:
    """From the onset of the caller's energy to the last of the agent's speech; None: the agent did not speak then."""
    return next((span.end - onset for span in agent if span.start <= onset < span.end), None)


def holes(received: Pcm, missing: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """Where the agent's speech is broken for 40 ms or more: not a pause of its own, but sound that did not come.

    Where no packet covers it (`missing`), it is a hole if there is speech in the packets of 20 ms on both sides. Where
    packets came but are silent to the last bit, it is one if speech stops and starts at once: a voice that pauses
    fades, so its last 5 ms before complete silence are below the threshold (by 18 dB and more in Piper's voice), while
    playout that ran dry cuts in mid-wave. What lasts over 2 s is another utterance, not a hole.
    """
    threshold = threshold_dbfs(received)
    silent = np.abs(received.astype(np.int32)) <= DIGITAL_SILENCE
    uncovered = np.zeros(len(received), bool)
    for start, end in missing:
        uncovered[start:end] = True
    found = []
    shortest, longest = HOLE_MS * SAMPLE_RATE // 1000, LONGEST_HOLE_MS * SAMPLE_RATE // 1000
    for start, end in _runs(silent | uncovered, shortest=shortest):
        before, after = received[:start][::-1], received[end:]
        if end - start <= longest and min(len(before), len(after)) >= 2 * PACKET:
            edge = PACKET if uncovered[start:end].any() else WINDOW
            if min(_level(before[:edge]), _level(after[:edge])) >= threshold:
                found.append(Span(start, end))
    return found


def energy_span(pcm: Pcm) -> Span:
    """From the first to the last energy of a clip by the same detector, whatever pauses are between; empty for none.

    A clip may be all sound: what stands less than 35 dB below its loud parts is not taken for its noise floor.
    """
    spans = speech_spans(pcm, threshold=_clip_threshold(_levels(pcm)))
    return Span(spans[0].start, spans[-1].end) if spans else Span(0, 0)


def active_level_dbfs(pcm: Pcm) -> float:
    """Level of a clip without its pauses, in the manner of ITU-T P.56. Raises ValueError where there is no sound."""
    levels = _levels(pcm)
    loud = levels[levels >= _clip_threshold(levels)]
    if not len(loud):
        raise ValueError("there is no sound in it")
    return float(10 * np.log10(np.mean(10 ** (loud / 10))))


def _levels(pcm: Pcm) -> npt.NDArray[np.float64]:
    """Of each window; the last one may be shorter, and counts by the samples that it has."""
    rest = len(pcm) % WINDOW
    whole = np.concatenate([pcm[: len(pcm) - rest], np.resize(pcm[len(pcm) - rest :], WINDOW if rest else 0)])
    return level_profile_dbfs(whole.tobytes(), window_ms=WINDOW_MS)


def _to_the_sample(pcm: Pcm, span: Span, threshold: float) -> Span:
    """The span from the first to the last sample in its outer windows that reaches the threshold."""
    amplitude = 32768 * 10 ** (threshold / 20)
    loud = np.abs(pcm[span.start : span.end].astype(np.int32)) >= amplitude
    return Span(span.start + int(np.argmax(loud)), span.start + len(loud) - int(np.argmax(loud[::-1])))


def _level(pcm: Pcm) -> float:
    return float(level_profile_dbfs(pcm.tobytes(), window_ms=len(pcm) * 1000 // SAMPLE_RATE)[0])


def _threshold(levels: npt.NDArray[np.float64]) -> float:
    return _threshold_over(levels, float(np.percentile(levels, FLOOR_PERCENTILE))) if len(levels) else LOWEST_DBFS


def _clip_threshold(levels: npt.NDArray[np.float64]) -> float:
    if not len(levels):
        return LOWEST_DBFS
    quiet, loud = np.percentile(levels, [FLOOR_PERCENTILE, 95])
    return _threshold_over(levels, float(min(quiet, loud - CLIP_RANGE_DB)))


def _threshold_over(levels: npt.NDArray[np.float64], floor: float) -> float:
    floor = max(floor, LOWEST_FLOOR_DBFS)
    outstanding = levels[levels >= max(floor + ABOVE_FLOOR_DB, LOWEST_DBFS)]
    top = float(np.percentile(outstanding, 90)) if len(outstanding) else LOWEST_DBFS
    return max(floor + ABOVE_FLOOR_DB, top - BELOW_TOP_DB, LOWEST_DBFS)


def _runs(flags: npt.NDArray[np.bool_], *, shortest: int = 1) -> list[tuple[int, int]]:
    """Ranges [start, end) of True that are `shortest` or longer."""
    padded = np.concatenate([[False], flags, [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in edges[edges[:, 1] - edges[:, 0] >= shortest]]
