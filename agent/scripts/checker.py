"""Whether a script makes sense as a whole. Pure."""

from __future__ import annotations

from agent.domain.script import CallScript
from agent.domain.script_finding import Finding, Severity
from agent.scripts.names import names
from agent.scripts.ways import ways
from agent.scripts.wording import wording


def check(script: CallScript) -> list[Finding]:
    """All that is wrong, what keeps it from being approved first, otherwise by kind in the order of the script."""
    findings = [*names(script), *ways(script), *wording(script)]
    return sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR)
