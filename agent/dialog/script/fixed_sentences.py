"""What a script says in all calls alike: made as sound once, not in each call. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agent.dialog.script.wording import small_words
from agent.domain.script import CallScript
from agent.domain.script_text import places


def fixed_sentences(script: CallScript) -> Iterator[str]:
    """All that has no places; opening and disclosures come first."""
    said = (
        script.opening,
        *script.disclosures,
        *(text for slot in script.slots for text in (slot.ask, slot.question_again, slot.confirm)),
        *(state.say for state in script.states),
        *(way.say for way in script.exits),
        *(objection.answer for objection in script.objections),
        script.fallbacks.not_understood,
        script.fallbacks.silence,
    )
    small = small_words(script.language)
    between = (*small.thanks, small.take_your_time, small.unknown, small.corrected, small.nobody_free)
    for text in dict.fromkeys((*said, *between)):
        if text and not places(text):
            yield " ".join(text.split())
