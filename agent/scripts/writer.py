"""Has the language model write a script, checks it, and has it written again with what was wrong."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from agent.dialog.mind_background import BackgroundModel
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode, Severity
from agent.scripts import prompts
from agent.scripts.checker import check
from agent.scripts.draft import Draft, draft_schema
from agent.scripts.drafted import script_of
from agent.scripts.invented import invented
from agent.scripts.texts import texts

log = structlog.get_logger()

ATTEMPTS = 3
DRAFT_TOKENS = 900
"""Six questions with all words take about 700."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    script: CallScript | None
    """The one with the fewest errors; None where none could be read."""
    findings: tuple[Finding, ...]
    """Of that one."""
    attempts: int
    """Begun."""

    @property
    def good(self) -> bool:
        """Whether it passed."""
        return self.script is not None and not _errors(self.findings)


class Writer:
    """Asks the model, and believes nothing unchecked."""

    def __init__(self, model: BackgroundModel) -> None:
        self._model = model

    async def write(self, brief: ScriptBrief) -> Written:
        """A script for the brief, in at most ATTEMPTS attempts. Raises LanguageModelError."""
        messages = prompts.request(brief)
        best = Written(None, (), 0)
        for attempt in range(1, ATTEMPTS + 1):
            reply = await self._model.ask(messages, max_tokens=DRAFT_TOKENS, schema=draft_schema())
            script, findings = read(reply.text, brief)
            better = best.script is None or (
                script is not None and len(_errors(findings)) < len(_errors(best.findings))
            )
            best = Written(script, findings, attempt) if better else Written(best.script, best.findings, attempt)
            log.info("script.attempt", attempt=attempt, findings=[finding.code.value for finding in findings])
            if best.good:
                break
            messages = prompts.again(brief, [(one, _said(script, one.path)) for one in _errors(findings)])
        return best


def read(answer: str, brief: ScriptBrief) -> tuple[CallScript | None, tuple[Finding, ...]]:
    """The script that the model's answer is, and all that is wrong with it."""
    begin, end = answer.find("{"), answer.rfind("}")
    try:
        draft = Draft.model_validate_json(answer[begin : end + 1] if begin >= 0 else "")
        script = script_of(draft, brief)
    except ValidationError as error:
        first = error.errors()[0]
        path = "/" + "/".join(str(step) for step in first["loc"])
        return None, (Finding(code=FindingCode.NO_SCRIPT, path=path, message=f"{first['msg']}."),)
    return script, (*check(script), *invented(script, brief))


def _said(script: CallScript | None, path: str) -> str:
    """The text at the place of a finding; empty where there is none."""
    return next((text.words for text in texts(script) if text.path == path), "") if script is not None else ""


def _errors(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]
