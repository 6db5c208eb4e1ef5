"""What an agent wants worked out when one of its calls has ended."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.extraction import checked

MOST_OUTCOMES = 30
Outcome = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


def _different(outcomes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(outcomes)) < len(outcomes):
        raise ValueError("an outcome is named twice")
    return outcomes


class AfterCall(BaseModel):
    """Worked out by the language model in the background, from the transcript; empty: nothing is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    summary: bool = False
    """A summary of the call in a few sentences."""
    outcomes: Annotated[tuple[Outcome, ...], Field(max_length=MOST_OUTCOMES), AfterValidator(_different)] = ()
    """How a call may have ended, such as "wants a call back": one of these and nothing else becomes its outcome."""
    extract: Annotated[dict[str, Any], AfterValidator(checked)] | None = None
    """A JSON Schema of an object: each of its properties gets a value that the transcript supports, or null. Describe
    properties by `description`. Neither regular expressions nor references to elsewhere."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return self.summary or bool(self.outcomes) or self.extract is not None
