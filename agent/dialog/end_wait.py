"""How long to wait after the caller's last speech before the turn is over. Pure: fed with judgements and pauses.

1. The words give a first judgement (`completeness`). Where the ears say how final the end sounded, that decides between
   complete, unsure and unfinished. Dictation and answers of a word stay what they are: no melody tells there.
2. Each judgement has its wait, from the settings.
3. It is lengthened for a caller who is known to make longer pauses than that, never beyond the bound. What is known:
   the pauses after which he went on with the same turn. It fades: each turn without such a pause takes a share of the
   lengthening back.
4. Voices and lines differ in how final their ends sound: that is learned from whole sentences with which turns ended.

Figures: docs/decisions/091 and 092.
"""

from __future__ import annotations

import math

from agent.dialog.completeness import Completeness
from agent.settings import TurnSettings

COMPLETE_FROM = 0.86
"""Finality from which a sentence that is whole on paper is over: half of all ends, one in thirty pauses."""
SURELY_COMPLETE_FROM = 0.93
"""The same for words that are no whole sentence on paper."""
UNFINISHED_BELOW = 0.55
"""Finality below which something follows: four in five pauses, one in twenty ends."""
USUAL_END = 2.1
"""Log odds of the finality at which turns end: the median of clear voices."""
PRIOR_TURNS = 2.0  # of usual ends, against which those that were heard must weigh
FURTHEST_SHIFT = 1.5  # log odds; what is further off than another voice or line is another kind of speech

MARGIN_MS = 150  # beyond this caller's usual pause: the detector needs 75-110 ms to hear that he goes on
LEARNING_RATE = 0.8  # of the way to a longer pause that was just heard
FADING_RATE = 0.25  # of the lengthening, taken back by a turn without such a pause
SHARES: dict[Completeness, float] = {
    Completeness.ANSWER: 0.0,
    Completeness.COMPLETE: 0.25,
    Completeness.UNSURE: 1.0,
    Completeness.UNFINISHED: 1.0,
    Completeness.DICTATING: 1.0,
}
"""How much of the lengthening counts: one who pauses in mid-sentence is hardly slower to end a question."""


class EndWait:
    """One caller's."""

    def __init__(self, policy: TurnSettings) -> None:
        self._policy = policy
        self._base_ms = {
            Completeness.ANSWER: policy.answer_wait_ms,
            Completeness.COMPLETE: policy.complete_wait_ms,
            Completeness.UNSURE: policy.unsure_wait_ms,
            Completeness.UNFINISHED: policy.unfinished_wait_ms,
            Completeness.DICTATING: policy.dictating_wait_ms,
        }
        self._usual_pause_ms = 0.0
        self._longest_in_turn_ms = 0
        self._last_log_odds: float | None = None
        self._end: float | None = None
        """Of the last turn that was over."""
        self._ends = PRIOR_TURNS
        self._sum_of_ends = PRIOR_TURNS * USUAL_END

    def wait_ms(self, judgement: Completeness, finality: float | None = None) -> int:
        """Silence after the last speech that ends a turn so judged by its words; milliseconds, within the bound.

        `finality`: how likely, 0 to 1, the ears found it that a sentence ends there; None: they do not say.
        """
        log_odds = None if finality is None else _log_odds(finality)
        self._last_log_odds = log_odds if judgement is Completeness.COMPLETE else None
        refined = judgement if log_odds is None else self._refined(judgement, log_odds + self._shift)
        base = self._base_ms[refined]
        lengthening = max(0.0, self._usual_pause_ms + MARGIN_MS - base) * SHARES[refined]
        return min(round(base + lengthening), self._policy.longest_wait_ms)

    def went_on(self, paused_ms: int) -> None:
        """The caller went on with the same turn after so much silence."""
        self._last_log_odds = None
        self._longest_in_turn_ms = max(self._longest_in_turn_ms, paused_ms)
        if paused_ms > self._usual_pause_ms:
            self._usual_pause_ms += (paused_ms - self._usual_pause_ms) * LEARNING_RATE

    def turn_over(self) -> None:
        """The turn has ended, and the caller did not go on with it."""
        if self._longest_in_turn_ms < self._usual_pause_ms:
            self._usual_pause_ms -= (self._usual_pause_ms - self._longest_in_turn_ms) * FADING_RATE
        self._longest_in_turn_ms = 0
        self._end, self._last_log_odds = self._last_log_odds, None
        if self._end is not None:
            self._ends += 1
            self._sum_of_ends += self._end

    def was_cut_off(self, paused_ms: int) -> None:
        """The turn that was over went on after so much silence: it had not ended there."""
        if self._end is not None:
            self._ends -= 1
            self._sum_of_ends -= self._end
            self._end = None
        self.went_on(paused_ms)

    @property
    def _shift(self) -> float:
        """Log odds that this caller's ends lack of usual ones."""
        return max(-FURTHEST_SHIFT, min(FURTHEST_SHIFT, USUAL_END - self._sum_of_ends / self._ends))

    def _refined(self, judgement: Completeness, log_odds: float) -> Completeness:
        if judgement in {Completeness.ANSWER, Completeness.DICTATING}:
            return judgement
        sounds_complete = log_odds >= _log_odds(COMPLETE_FROM)
        if judgement is Completeness.UNFINISHED:
            return Completeness.UNSURE if sounds_complete else judgement
        if log_odds < _log_odds(UNFINISHED_BELOW):
            return Completeness.UNFINISHED
        is_complete = sounds_complete and judgement is Completeness.COMPLETE
        surely_complete = log_odds >= _log_odds(SURELY_COMPLETE_FROM)
        return Completeness.COMPLETE if is_complete or surely_complete else Completeness.UNSURE


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(kept / (1 - kept))
