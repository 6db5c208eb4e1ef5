"""A simulated callee on the telephone: hears what is asked, and answers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from agent.domain.script import CallScript
from agent.scripts.asked import Asked, asked, wants_spelling
from agent.scripts.callees import Callee, answer, spelled


class Person:
    """Belongs to one call."""

    def __init__(self, callee: Callee, script: CallScript, *, today: date) -> None:
        """`today` is the day of the call."""
        self._callee = callee
        self._script = script
        self._today = today
        self._open: Asked | None = None
        self._times: Counter[tuple[str, bool]] = Counter()

    @property
    def sentences(self) -> set[str]:
        """All that this callee may ever say."""
        return {spelled(self._script), *self._answers()}

    def reply(self, heard: str) -> str:
        """What is said to these words of the agent's; where they ask nothing new, the last question is answered."""
        if wants_spelling(self._script, heard):
            return spelled(self._script)
        self._open = asked(self._script, heard) or self._open
        slot = self._open.slot if self._open else None
        confirming = self._open is not None and self._open.confirming
        question = (slot.name if slot else "", confirming)
        times, self._times[question] = self._times[question], self._times[question] + 1
        return answer(self._callee, self._script, slot, confirming=confirming, times=times, today=self._today)

    def _answers(self) -> Iterator[str]:
        for slot in (None, *self._script.slots):
            for confirming in (False, True):
                for times in (0, 1):
                    yield answer(
                        self._callee, self._script, slot, confirming=confirming, times=times, today=self._today
                    )
