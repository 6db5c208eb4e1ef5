"""What was measured on one store, and how the stores come together in a report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agent.errors import SetupError
from agent.ops.report import Failure, Measure, Report


@dataclass(slots=True)
class Found:
    """On one store."""

    measures: list[Measure] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


async def each_store(
    report: Report, stores: Iterable[str], measure: Callable[[str], Awaitable[Found]]
) -> dict[str, Any]:
    """Add what is found on each store to the report; the details by store.

    Raises SetupError where the first cannot be measured; a later one is then a failure.
    """
    details: dict[str, Any] = {}
    for name in stores:
        try:
            found = await measure(name)
        except SetupError as error:
            if not report.measures:
                raise
            report.failures.append(Failure(name, str(error)))
            continue
        report.measures += found.measures
        report.failures += found.failures
        details[name] = found.details
    return details
