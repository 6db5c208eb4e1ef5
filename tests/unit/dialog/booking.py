"""A script for tests: a name, a day, a yes; and all ways out."""

from agent.domain.script import CallScript

BOOKING = CallScript.model_validate(
    {
        "name": "Book a check-up",
        "purpose": "Book a dental check-up",
        "opening": "Hello, this is Anna from Lakeside Dental.",
        "disclosures": ["I am a computer, and this call is not recorded."],
        "variables": {"doctor": "Dr. Smith"},
        "facts": {"price": "A check-up costs $60.", "address": "The practice is at 12 Lake Street."},
        "slots": [
            {
                "name": "name",
                "type": "name",
                "ask": "May I have your name, please?",
                "ask_again": "What is your full name?",
            },
            {
                "name": "day",
                "type": "date",
                "ask": "Which day suits you for {{doctor}}?",
                "ask_again": "On what day would you like to come?",
                "limits": {"earliest_in_days": 1, "latest_in_days": 60},
            },
            {
                "name": "agreed",
                "type": "yes_no",
                "ask": "So I book {{day}} for {{name}}. Is that right?",
                "ask_again": "Shall I book {{day}} for {{name}}, yes or no?",
            },
        ],
        "states": [
            {"name": "details", "slots": ["name", "day"], "transitions": [{"to": "confirm"}]},
            {
                "name": "confirm",
                "slots": ["agreed"],
                "transitions": [
                    {"when": [{"slot": "agreed", "value": True}], "to": "booked"},
                    {"to": "details", "forget": ["day", "agreed"]},
                ],
            },
        ],
        "exits": [
            {"name": "booked", "outcome": "booked", "success": True, "say": "See you on {{day}}. Goodbye."},
            {"name": "refused", "outcome": "refused", "say": "All right. Goodbye."},
            {"name": "nothing", "outcome": "not_reached", "say": "I will have somebody call you. Goodbye."},
            {"name": "human", "outcome": "handed_over", "hand_over_to": "reception", "say": "I connect you."},
            {"name": "stop", "outcome": "opted_out", "say": "We will not call you again. Goodbye."},
        ],
        "objections": [{"when": "How did you get my number?", "answer": "You gave it to us at your last visit."}],
        "hand_overs": [{"when": "The callee asks for a person", "exit": "human"}],
        "fallbacks": {"give_up": "nothing", "declined": "refused", "opt_out": "stop"},
    }
)
