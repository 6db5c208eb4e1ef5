"""How long to wait after the caller's last speech before the turn is over. Pure: fed with judgements and pauses.

The wait is the one of the judgement, lengthened for a caller who is known to make longer pauses, never beyond the
bound. What is known of a caller: the pauses after which he went on with the same turn. It fades: each turn that ends
without a long pause takes a share of the lengthening back.
"""

from __future__ import annotations

from agent.dialog.completeness import Completeness
from agent.settings import TurnSettings

MARGIN_MS = 150  # beyond a pause as long as this caller's usual one: the detector needs 75-110 ms to hear him go on
LEARNING_RATE = 0.5  # of the way to a longer pause that was just heard
FADING_RATE = 0.25  # of the lengthening that a turn without such a pause takes back
SHARES: dict[Completeness, float] = {
    Completeness.ANSWER: 0.0,
    Completeness.COMPLETE: 0.25,
    Completeness.UNSURE: 1.0,
    Completeness.UNFINISHED: 1.0,
    Completeness.DICTATING: 1.0,
}
"""How much of a caller's own lengthening counts: one who pauses in mid-sentence is no slower to end a question."""


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

    def wait_ms(self, judgement: Completeness) -> int:
        """Silence after the last speech that ends a turn so judged; at least the judgement's, at most the bound's."""
        base = self._base_ms[judgement]
        lengthening = max(0.0, self._usual_pause_ms + MARGIN_MS - base) * SHARES[judgement]
        return min(round(base + lengthening), max(self._policy.longest_wait_ms, base))

    def went_on(self, paused_ms: int) -> None:
        """The caller went on with the same turn after so much silence."""
        self._longest_in_turn_ms = max(self._longest_in_turn_ms, paused_ms)
        if paused_ms > self._usual_pause_ms:
            self._usual_pause_ms += (paused_ms - self._usual_pause_ms) * LEARNING_RATE

    def turn_over(self) -> None:
        """A turn has ended, and the caller did not go on with it."""
        if self._longest_in_turn_ms < self._usual_pause_ms:
            self._usual_pause_ms -= (self._usual_pause_ms - self._longest_in_turn_ms) * FADING_RATE
        self._longest_in_turn_ms = 0
