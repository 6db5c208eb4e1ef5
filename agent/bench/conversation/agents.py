"""Who answers in the rows on behaviour: agents whose part does not depend on how clever the language model is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agent.domain.agent import Agent, Limits

_MUSEUM = (
    "The museum shows steam engines, old tramways, fire engines and a printing press that still works.",
    "The museum is open from Tuesday to Sunday, from ten in the morning until six in the evening.",
    "The museum is closed on Monday, on the first of January and for two weeks in November.",
    "A ticket for adults costs twelve dollars, students pay eight dollars, and children under ten come in for free.",
    "Guided tours start at eleven and at three, last about an hour, and must be booked one day before.",
    "The museum stands at the old harbour, five minutes on foot from the central station.",
    "Tram number four stops at the door, and there is a place for bicycles in the yard.",
    "There is a restaurant on the second floor, a small shop beside the entrance, and a garden with a playground.",
)
_PATIENT = Limits(max_duration_s=3600, silence_prompt_s=60, silence_prompts=10)
_DEAF = Limits(max_duration_s=14_400, silence_prompt_s=120, silence_prompts=10)

ANNOUNCER = "7001"
"""Says a greeting of half a minute, the same samples in every call."""
GUIDE = "7002"
"""Asked for everything, it tells its facts one after the other for half a minute; every model can copy."""
YES_OR_NO, HOW_MANY, WHICH_WORD = "7003", "7004", "7005"
"""Ask a question that is answered in a word."""
TELEPHONE, ORDER, BIRTHDAY = "7006", "7007", "7008"
"""Ask for a number that callers dictate."""
LISTENER = "7009"
"""Lets the caller speak and answers in a few words."""
PATIENT = "7010"
"""Stays on the line however long nobody speaks."""


def _agent(name: str, greeting: str, instructions: str, **more: object) -> Agent:
    return Agent.model_validate(
        {"name": name, "greeting": greeting, "instructions": instructions, "limits": _PATIENT, **more}
    )


_CLERK = "You take down what the caller says. Whatever it is, thank the caller in one short sentence, and ask nothing."

AGENTS: Mapping[str, Agent] = MappingProxyType(
    {
        ANNOUNCER: _agent(
            "announcer",
            "Welcome to the museum of technology at the old harbour. " + " ".join(_MUSEUM[:6]) + " How can I help you?",
            "You are the guide of a museum. Answer in one short sentence.",
            facts=_MUSEUM,
        ),
        GUIDE: _agent(
            "guide",
            "Hello, this is the museum. What would you like to know?",
            "You are the guide of a museum. You love to talk: whatever the caller asks, you tell all that you know "
            "about the museum, every fact, one after the other, in full sentences.",
            facts=_MUSEUM,
        ),
        YES_OR_NO: _agent("doorkeeper", "Hello, would you like to book a tour?", _CLERK),
        HOW_MANY: _agent("counter", "Hello, how many tickets would you like?", _CLERK),
        WHICH_WORD: _agent("speller", "Hello, which letter or word is on your card?", _CLERK),
        TELEPHONE: _agent("telephonist", "Hello. Please tell me your telephone number.", _CLERK),
        ORDER: _agent("storekeeper", "Hello. What is the number of your order?", _CLERK),
        BIRTHDAY: _agent("registrar", "Hello. What is your date of birth?", _CLERK),
        LISTENER: _agent("listener", "Hello. What can I do for you?", _CLERK),
        PATIENT: _agent("patient", "Hello.", _CLERK, limits=_DEAF),
    }
)
"""By the number that is dialled; the rows on behaviour share one house with all of them."""
