"""One caller's words as turn-taking needs them judged: are they finished, do they want the turn."""

from __future__ import annotations

from collections.abc import Callable

from agent.dialog import completeness, overlap
from agent.dialog.end_wait import EndWait
from agent.settings import TurnSettings


class Judge:
    """A TurnJudge by the rules of `completeness`, `end_wait` and `overlap`."""

    def __init__(
        self,
        language: Callable[[], str],
        policy: TurnSettings,
        agent_text: Callable[[], str],
        answers: Callable[[str], bool] = lambda _words: False,
    ) -> None:
        """`agent_text` gives what the agent says at this moment, or said last.

        `answers`: whether words are what the agent waits for, so that even a "yes" in the middle of it counts.
        """
        self._language = language
        self._wait = EndWait(policy)
        self._agent_text = agent_text
        self._answers = answers

    def wait_ms(self, words: str, finality: float | None) -> int:
        """See TurnJudge."""
        judgement = completeness.judge(words, language=self._language(), agent_words=self._agent_text())
        return self._wait.wait_ms(judgement, finality)

    def takes_the_turn(self, words: str, speech_ms: int) -> bool:
        """See TurnJudge."""
        return self._answers(words) or overlap.takes_the_turn(
            words, speech_ms=speech_ms, language=self._language(), agent_text=self._agent_text()
        )

    def went_on(self, paused_ms: int) -> None:
        """See TurnJudge."""
        self._wait.went_on(paused_ms)

    def turn_over(self) -> None:
        """See TurnJudge."""
        self._wait.turn_over()

    def was_cut_off(self, paused_ms: int) -> None:
        """A turn that was taken for over went on after so much silence."""
        self._wait.was_cut_off(paused_ms)
