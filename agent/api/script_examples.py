"""Examples of call scripts for the documentation."""

from __future__ import annotations

from typing import Any, Final

SCRIPT: Final[dict[str, Any]] = {
    "name": "Reminder",
    "purpose": "Remind a patient of Lakeside Dental of the appointment and hear whether they come.",
    "language": "en",
    "variables": {"patient": "Ann Miller"},
    "opening": "Good day, {{patient}}. This is Lakeside Dental, about your appointment.",
    "disclosures": ["I am an automated assistant."],
    "slots": [
        {
            "name": "comes",
            "type": "yes_no",
            "ask": "Will you come?",
            "ask_again": "Does it suit you, yes or no?",
            "limits": {"max_length": 200},
        }
    ],
    "states": [
        {
            "name": "ask",
            "slots": ["comes"],
            "transitions": [{"when": [{"slot": "comes", "compare": "known"}], "to": "done"}],
        }
    ],
    "exits": [
        {"name": "done", "outcome": "completed", "success": True, "say": "Thank you. Goodbye."},
        {"name": "person", "outcome": "handed_over", "hand_over_to": "front_desk"},
        {"name": "no_result", "outcome": "no_result", "say": "I am sorry. Goodbye."},
    ],
    "objections": [{"when": "Who gave you my number?", "answer": "You gave it to the practice."}],
    "hand_overs": [{"when": "They ask for a person.", "exit": "person"}],
    "fallbacks": {"give_up": "no_result", "opt_out": "no_result", "declined": "no_result"},
    "voicemail": "Good day, {{patient}}. This is Lakeside Dental. Please call us back.",
}
BY_GOAL: Final[dict[str, Any]] = {
    "goal": "Remind patients of Lakeside Dental of their appointment and ask whether they come.",
    "audience": "patients who have an appointment tomorrow",
    "facts": {"hours": "We are open from eight until six."},
    "constraints": ["Be brief and friendly."],
    "language": "en",
}
STORED: Final[dict[str, Any]] = {
    "object": "script",
    "id": "scr_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "status": "draft",
    "version": 2,
    "approved_version": 1,
    "approved_at": None,
    "script": SCRIPT,
    "brief": BY_GOAL,
    "attempts": 0,
    "error_code": None,
    "findings": [],
    "created_at": "2026-11-27T09:31:13Z",
    "updated_at": "2026-11-27T10:02:40Z",
}
FINDING: Final[dict[str, Any]] = {
    "code": "dead_end",
    "severity": "error",
    "path": "/states/0/transitions",
    "message": 'From the state "ask" no way leads on where "comes" is no.',
}
REHEARSAL: Final[dict[str, Any]] = {
    "object": "script_rehearsal",
    "id": None,
    "by": "writing",
    "status": "completed",
    "error": None,
    "script_id": "scr_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "version": 2,
    "findings": [],
    "coverage": {"states": [], "exits": [], "slots": [], "disclosures": [], "share": 1.0},
    "conversations": [
        {
            "caller": "opt_out",
            "exit": "no_result",
            "outcome": "no_result",
            "success": False,
            "slots": {},
            "states": ["ask"],
            "turns": [
                {"speaker": "agent", "text": "Good day, Ann Miller. Will you come?"},
                {"speaker": "callee", "text": "Please don't call me again."},
                {"speaker": "agent", "text": "I am sorry. Goodbye."},
            ],
            "opted_out": True,
            "said": None,
            "ended_reason": None,
            "disclosures_missing": None,
            "recording": None,
            "troubles": None,
        }
    ],
}
REHEARSAL_BEGUN: Final[dict[str, Any]] = {
    **REHEARSAL,
    "id": "rhs_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "by": "call",
    "status": "running",
    "coverage": None,
    "conversations": [],
}
