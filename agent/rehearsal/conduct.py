"""How an agent behaved in one call as a whole, and whether that was asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.rehearsal.expectation import CallExpectation
from agent.rehearsal.performance import Performance, Said, Span

Finding = tuple[str, bool, str]
"""What was asked, whether it was met, and a sentence with what was found."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is to be said of one call."""

    status: str | None
    """None: the agent told none."""
    ended_reason: str | None
    agent_turns: tuple[str, ...]
    """What the agent said, turn by turn."""
    seconds: float | None
    """From the answer to the end, by the agent's account; None: one of them never came."""
    invented: tuple[str, ...] = ()
    """What it understood while the caller said nothing."""
    talk_over_ms: float = 0.0
    """The longest stretch that it was heard while the caller spoke."""

    def held_to(self, expected: CallExpectation) -> Iterator[Finding]:
        """Each thing that is expected, in the order of its keys."""
        for key, wanted, found in (
            ("status", expected.status, self.status),
            ("ended_reason", expected.ended_reason, self.ended_reason),
        ):
            if wanted is not None:
                said = f"it was {found}" if found else "the agent told none"
                yield key, found == wanted, f"Expected {wanted}; {said}."
        if (most := expected.max_agent_turns) is not None:
            count = len(self.agent_turns)
            yield "max_agent_turns", count <= most, f"Expected at most {most}; the agent spoke {count} times."
        if (most := expected.max_invented) is not None:
            quoted = ", ".join(f"“{text}”" for text in self.invented) or "nothing"
            reason = f"Expected at most {most} while the caller said nothing; it understood {quoted}."
            yield "max_invented", len(self.invented) <= most, reason
        if (longest := expected.max_talk_over_ms) is not None:
            reason = f"Expected at most {longest} ms at a stretch; the agent spoke over the caller for "
            yield "max_talk_over_ms", self.talk_over_ms <= longest, f"{reason}{self.talk_over_ms:.0f} ms."
        if expected.max_seconds is not None:
            lasted = "its end or its answer was not told" if self.seconds is None else f"it lasted {self.seconds:.1f} s"
            within = self.seconds is not None and self.seconds <= expected.max_seconds
            yield "max_seconds", within, f"Expected at most {expected.max_seconds:g} s; {lasted}."


def conduct(performance: Performance, invented: Sequence[str]) -> Conduct:
    """The call of the scenario. `invented`: what the agent heard while the caller said nothing."""
    return _told(performance.events, tuple(invented), talk_over_ms(performance.agent_speech, performance.said))


def conduct_of_other(performance: Performance) -> Conduct:
    """The call that a `connect` placed: nobody recorded who speaks over whom in it."""
    return _told(performance.other_events)


def talk_over_ms(agent: Sequence[Span], said: Sequence[Said]) -> float:
    """The longest stretch of the agent's speech during one utterance of the caller's; backchannels are none."""
    return max(
        (
            1000 * (min(span.end, one.span.end) - max(span.start, one.span.start))
            for span in agent
            for one in said
            if one.kind != "backchannel" and min(span.end, one.span.end) > max(span.start, one.span.start)
        ),
        default=0.0,
    )


def _told(events: Sequence[Mapping[str, Any]], invented: tuple[str, ...] = (), over_ms: float = 0.0) -> Conduct:
    call: Mapping[str, Any] = {}
    spoken = []
    for event in events:
        if event["type"] == "call.changed":
            call = event["call"]
        elif event["type"] == "turn.ended" and event["turn"]["speaker"] == "agent" and event["turn"]["text"].strip():
            spoken.append(event["turn"]["text"])
    return Conduct(
        call.get("status"), call.get("ended_reason"), tuple(spoken), _seconds(call), invented, talk_over_ms=over_ms
    )


def _seconds(call: Mapping[str, Any]) -> float | None:
    answered, ended = call.get("answered_at"), call.get("ended_at")
    if not answered or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(answered)).total_seconds()
