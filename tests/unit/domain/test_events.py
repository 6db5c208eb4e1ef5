"""Events as JSON can hold them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from agent.domain.briefing import Briefing
from agent.domain.call import Call, CallStatus, Direction
from agent.domain.events import CallChanged
from agent.domain.script import CallScript

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLAN = CallScript.model_validate(
    {
        "name": "Ask",
        "purpose": "Ask",
        "opening": "Hello.",
        "states": [{"name": "all", "transitions": [{"to": "end"}]}],
        "exits": [{"name": "end", "outcome": "asked"}],
    }
)


def test_a_call_by_a_script_can_be_told() -> None:
    """A rehearsal follows the agent by its events, and waited for ever for the end of a call that had a plan."""
    briefing = Briefing(variables={"name": "Ann"}, plan=PLAN)
    call = Call("call_1", Direction.OUTBOUND, "", "+4930123456", "desk", CallStatus.QUEUED, NOW, briefing=briefing)
    told = json.loads(json.dumps(CallChanged("call_1", NOW, call=call).to_dict()))
    assert told["call"]["created_at"] == "2026-11-27T12:00:00+00:00"
    assert told["call"]["briefing"]["plan"]["opening"] == "Hello."
