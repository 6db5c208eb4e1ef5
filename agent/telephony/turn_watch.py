"""Tells the capacity what turns took, by following the events of all calls."""

from __future__ import annotations

from agent.domain.events import CallChanged, Event, SpeechStarted, TurnEnded
from agent.domain.turns import Speaker
from agent.telephony.places import Places


class TurnWatch:
    """An EventSink. A turn counts with the calls that were under way when its first sound was sent."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._calls: dict[str, int] = {}

    def __call__(self, event: Event) -> None:
        """Take one event. See EventSink."""
        match event:
            case SpeechStarted():
                self._calls[event.call_id] = self._places.taken
            case TurnEnded() if event.turn.speaker is Speaker.AGENT:
                calls = self._calls.pop(event.call_id, self._places.taken)
                waited_s = event.turn.timings.waited_s
                if waited_s is not None:
                    self._places.turn(waited_s, calls=calls)
            case CallChanged() if event.call.status.terminal:
                self._calls.pop(event.call_id, None)
