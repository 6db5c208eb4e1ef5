"""Finds received speech again in a recording of the same speech without interruption: what is missing, what came twice.

The agent's fixed sentences are the same samples in every call, so what arrives after a pause can be found again in what
arrived without one. Blocks of 100 ms are compared by normalised cross-correlation; where the present shift no longer
fits, the best one within some seconds is looked for. Blocks that fit at one shift make a run, whose ends are then
moved 5 ms at a time. Pure. Positions and lengths are samples at 8 kHz.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.testing.measure import WINDOW, Pcm, Span, speech_spans, threshold_dbfs

BLOCK = 800
HOP = 200
FITS = 0.9
"""Correlation from which a block is the same sound. Measured: the same sentence in two calls through µ-law gives over
0.99, other places of the same voice at most 0.75."""
PAUSE_MS = 10
"""Silence so short belongs to the speech around it."""
DRIFT = 8
"""The telephone's playout may move by so much without a gap."""
REACH = 5 * 8000
"""So far around the expected place the rest of the speech is looked for."""
EDGE_FITS = 0.8
FAINT_DB = 15.0
"""So little above the threshold of speech lie the consonants whose wave µ-law blurs."""
EQUALLY_LOUD_DB = 4.0
SYLLABLE_MS = 80
"""Speech lost or repeated for less than this is no syllable: unstressed English ones last 100 ms and more
(Greenberg, "Speaking in shorthand", Speech Communication 29, 1999)."""

Wave = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of received sound that is the reference's, sample for sample."""

    received: Span
    reference: Span


@dataclass(frozen=True, slots=True)
class Join:
    """Where one run ends and the next begins."""

    at: Span
    """On the received track, from the end of the one to the start of the other."""
    lost_ms: float
    """Speech of the reference between both that never came; silence does not count."""
    repeated_ms: float
    """Speech that came twice."""

    @property
    def exact(self) -> bool:
        """Whether no syllable was lost or repeated."""
        return max(self.lost_ms, self.repeated_ms) < SYLLABLE_MS


def runs(received: Pcm, reference: Pcm) -> list[Run]:
    """What of `received` is from `reference`, in order; what is silent or fits nowhere is left out."""
    matcher = _Matcher(received, reference)
    return matcher.runs()


def joins(received: Pcm, reference: Pcm) -> list[Join]:
    """Between each two runs: how much speech was lost or came twice."""
    found = runs(received, reference)
    loud = speech_spans(reference, join_ms=PAUSE_MS, threshold=threshold_dbfs(reference))
    return [_join(before, after, loud) for before, after in itertools.pairwise(found)]


def reached(found: Sequence[Run], position: int) -> int | None:
    """How far in the reference the caller had heard at a position of the received track; None: nothing of it."""
    earlier = [run for run in found if run.received.start <= position]
    if not earlier:
        return None
    last = earlier[-1]
    return last.reference.start + min(position, last.received.end) - last.received.start


def _join(before: Run, after: Run, loud: Sequence[Span]) -> Join:
    left, came = before.reference.end, after.reference.start
    if abs(_shift(before) - _shift(after)) <= DRIFT:
        return Join(Span(before.received.end, after.received.start), 0.0, 0.0)
    lost = sum(max(0, min(span.end, came) - max(span.start, left)) for span in loud)
    repeated = sum(max(0, min(span.end, left) - max(span.start, came)) for span in loud)
    return Join(Span(before.received.end, after.received.start), lost / 8, repeated / 8)


class _Matcher:
    def __init__(self, received: Pcm, reference: Pcm) -> None:
        self._received = received.astype(np.float64)
        self._reference = reference.astype(np.float64)
        threshold = min(threshold_dbfs(received), threshold_dbfs(reference))
        self._quiet = (32768 * 10 ** (threshold / 20)) ** 2 * BLOCK
        self._faint = (32768 * 10 ** ((threshold + FAINT_DB) / 20)) ** 2 * WINDOW

    def runs(self) -> list[Run]:
        found: list[Run] = []
        shift: int | None = None
        for start in range(0, len(self._received) - BLOCK + 1, HOP):
            block = self._received[start : start + BLOCK]
            if float(block @ block) < self._quiet:
                continue
            expected = None if shift is None else start + shift
            place = self._place(block, expected)
            if place is None:
                continue
            shift = place - start
            last = found[-1] if found else None
            if last and start <= last.received.end + 5 * BLOCK and abs(place - start - _shift(last)) <= DRIFT:
                grown = start + BLOCK
                found[-1] = Run(Span(last.received.start, grown), Span(last.reference.start, grown + _shift(last)))
            else:
                found.append(Run(Span(start, start + BLOCK), Span(place, place + BLOCK)))
        return self._followed([run for run in found if run.received.length >= BLOCK + HOP])

    def _place(self, block: Wave, expected: int | None) -> int | None:
        if expected is not None:
            near = self._best(block, expected - DRIFT, expected + DRIFT)
            if near is not None:
                return near
        around = (0, len(self._reference)) if expected is None else (expected - REACH, expected + REACH)
        return self._best(block, *around)

    def _best(self, block: Wave, first: int, last: int) -> int | None:
        """Where the block fits best, starting from `first` to `last`; None: nowhere well."""
        first = max(0, first)
        part = self._reference[first : max(first, last) + len(block)]
        if len(part) < len(block):
            return None
        size = 1 << (len(part) + len(block)).bit_length()
        product = np.fft.rfft(part, size) * np.conj(np.fft.rfft(block, size))
        dots = np.fft.irfft(product, size)[: len(part) - len(block) + 1]
        power = np.concatenate([[0.0], np.cumsum(part * part)])
        energy = power[len(block) :] - power[: -len(block)]
        scores = dots / np.sqrt(np.maximum(energy, 1.0) * max(float(block @ block), 1.0))
        best = int(np.argmax(scores))
        return first + best if scores[best] >= FITS else None

    def _followed(self, found: Sequence[Run]) -> list[Run]:
        """The runs with their ends moved to the last 5 ms that are the same, but not into each other.

        A block that fits may hold some silence, or the beginning of something else, at its end.
        """
        followed = []
        for index, run in enumerate(found):
            low = found[index - 1].received.end if index else 0
            high = found[index + 1].received.start if index + 1 < len(found) else len(self._received)
            start, end, shift = run.received.start, run.received.end, _shift(run)
            while start < end and not self._same(start, shift):
                start += WINDOW
            while end > start and not self._same(end - WINDOW, shift):
                end -= WINDOW
            while start - WINDOW >= low and self._same(start - WINDOW, shift):
                start -= WINDOW
            while end + WINDOW <= high and self._same(end, shift):
                end += WINDOW
            if end - start >= BLOCK:  # what is left of a shorter one fitted by chance
                followed.append(Run(Span(start, end), Span(start + shift, end + shift)))
        return followed

    def _same(self, start: int, shift: int) -> bool:
        """Whether 5 ms are alike: in their waves, or faint and equally loud, as are consonants that µ-law blurs.

        Complete silence is not: it fits anywhere.
        """
        if start + shift < 0 or start + shift + WINDOW > len(self._reference):
            return False
        one = self._received[start : start + WINDOW]
        other = self._reference[start + shift : start + shift + WINDOW]
        here, there = float(one @ one), float(other @ other)
        if min(here, there) <= 0:
            return False
        if float(one @ other) / np.sqrt(here * there) >= EDGE_FITS:
            return True
        if abs(10 * np.log10(here / there)) > EQUALLY_LOUD_DB:
            return False
        return max(here, there) < self._faint or self._same_but_for_drift(one, start + shift)

    def _same_but_for_drift(self, one: Wave, place: int) -> bool:
        """Whether 5 ms are the same some samples beside: in an "s" one sample is half a wave."""
        near = self._reference[max(0, place - DRIFT) : place + WINDOW + DRIFT]
        others = np.lib.stride_tricks.sliding_window_view(near, WINDOW)
        norms = np.sqrt(np.maximum(np.einsum("ij,ij->i", others, others), 1.0) * float(one @ one))
        return bool(np.max(others @ one / norms) >= EDGE_FITS)


def _shift(run: Run) -> int:
    return run.reference.start - run.received.start
