"""What `bench media` is asked to measure."""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import ConfigurationError

MOST_CALLS = 1000
"""Beyond it SIPp, Asterisk and the agent would have to stand on machines of their own to tell anything."""


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What to measure."""

    calls: tuple[int, ...]
    """Numbers of simultaneous calls, each measured with a fresh Asterisk and agent. The first one is judged; the
    others look for the limit."""
    seconds: float = 30.0
    """Length of the window in which all calls stand."""
    rate: float = 10.0
    """New calls per second."""
    realtime: bool = True
    """Let the agent ask for real-time scheduling, as `media.realtime` does; whether it got it stands in the report."""


def parse_calls(text: str) -> tuple[int, ...]:
    """Numbers of calls from `100` or `100,150,200`. Raises ConfigurationError."""
    try:
        calls = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ConfigurationError(f"--calls {text!r} is no number, nor numbers with commas between them.") from None
    if not all(1 <= number <= MOST_CALLS for number in calls):
        raise ConfigurationError(f"--calls {text!r}: each number must lie between 1 and {MOST_CALLS}.")
    return calls
