"""Has the language model write a script part by part, checks each, and has it written again with what was wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from agent.dialog.mind_background import BackgroundModel
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, Severity
from agent.scripts import prompts
from agent.scripts.checker import check
from agent.scripts.draft import Draft, Part
from agent.scripts.drafted import script_of
from agent.scripts.invented import invented
from agent.scripts.part_check import UnreadablePartError, Wrong, mended, read, wrong_in
from agent.scripts.part_schema import TOKENS, schema_of

log = structlog.get_logger()

ATTEMPTS = 3
NEEDED = frozenset({Part.OPENING, Part.QUESTIONS})
"""Without these there is no script."""
_TEMPERATURES = (0.0, 0.4, 0.8)
"""By attempt: told what was wrong, small models like to write the same again."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    script: CallScript | None
    """None where a part that is needed could not be read in any attempt."""
    findings: tuple[Finding, ...]
    """Of the script, or why there is none."""
    attempts: int
    """Begun. From the second on only those parts are written again that had errors."""
    left_out: tuple[Part, ...] = ()
    """Parts that were never right, and that the program does without."""

    @property
    def good(self) -> bool:
        """Whether it passed."""
        return self.script is not None and all(one.severity is not Severity.ERROR for one in self.findings)


@dataclass(frozen=True, slots=True)
class _Tried:
    """The best that was written of a part."""

    value: Any
    """None: nothing that could be read."""
    wrong: Wrong

    @property
    def errors(self) -> float:
        return math.inf if self.value is None else len(self.wrong)


class Writer:
    """Asks the model, and believes nothing unchecked."""

    def __init__(self, model: BackgroundModel, *, attempts: int = ATTEMPTS, mends: bool = True) -> None:
        """`attempts`: from 1 to ATTEMPTS; `mends`: whether what is wrong is left out where enough remains."""
        self._model = model
        self._attempts = attempts
        self._mends = mends

    async def write(self, brief: ScriptBrief) -> Written:
        """A script for the brief. Raises LanguageModelError."""
        best: dict[Part, _Tried] = {}
        attempt = 0
        for attempt in range(1, self._attempts + 1):
            for part in Part:
                if part not in best or best[part].errors:
                    tried = await self._try(part, brief, best.get(part), _TEMPERATURES[attempt - 1])
                    if part not in best or tried.errors <= best[part].errors:
                        best[part] = tried
            wrong = {
                part.value: [one.code.value for one, _ in tried.wrong] for part, tried in best.items() if tried.wrong
            }
            log.info("script.attempt", attempt=attempt, wrong=wrong)
            if not wrong:
                break
        return self._written(best, brief, attempt)

    async def _try(self, part: Part, brief: ScriptBrief, before: _Tried | None, temperature: float) -> _Tried:
        reply = await self._model.ask(
            prompts.request(brief, part, before.wrong if before else ()),
            max_tokens=TOKENS[part],
            schema=schema_of(part),
            temperature=temperature,
        )
        try:
            value = read(part, reply.text)
        except UnreadablePartError as error:
            return _Tried(None, [(error.finding, "")])
        if self._mends:
            value = mended(part, value, brief)
        return _Tried(value, wrong_in(part, value, brief))

    def _written(self, best: Mapping[Part, _Tried], brief: ScriptBrief, attempts: int) -> Written:
        values, left_out = {}, []
        for part, tried in best.items():
            if tried.value is None or (tried.wrong and self._mends and part not in NEEDED):
                left_out.append(part)
            else:
                values[part.value] = tried.value
        if not NEEDED.isdisjoint(left_out):
            unread = [one for part in left_out if part in NEEDED for one, _ in best[part].wrong]
            return Written(None, tuple(unread), attempts, tuple(left_out))
        script = script_of(Draft(**values), brief)
        return Written(script, (*check(script), *invented(script, brief)), attempts, tuple(left_out))
