"""The words by which the model is asked to write a script. The rules come first, so that they are read once for all."""

from __future__ import annotations

import json
from collections.abc import Iterable

from agent.dialog.history import Message, Role
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding

_EXAMPLE = {
    "opening": "Good day, this is the Harbour Music School. We have to move your piano lesson.",
    "questions": [
        {
            "about": "another day possible",
            "type": "yes_no",
            "choices": [],
            "ask": "Would another day suit you?",
            "ask_again": "Can we find a new day for your lesson?",
            "if_no": "end",
        },
        {
            "about": "new day",
            "type": "date",
            "choices": [],
            "ask": "Which day would you like?",
            "ask_again": "On which day can you come?",
            "if_no": "go on",
        },
        {
            "about": "teacher",
            "type": "choice",
            "choices": ["the same teacher", "any teacher"],
            "ask": "Do you want the same teacher, or is any teacher fine?",
            "ask_again": "Shall it be the same teacher, or any teacher?",
            "if_no": "go on",
        },
    ],
    "thanks": "Wonderful, your lesson is moved. Thank you and goodbye.",
    "objections": [{"they_say": "Why is it moved?", "answer": "The room is being painted."}],
    "voicemail": "This is the Harbour Music School. We have to move your piano lesson. Please call us back.",
}
RULES = f"""You write the plan of one short telephone call: what our agent says to the person who is called.
Answer with one JSON object. For the goal "Ask pupils of the Harbour Music School for a new day and teacher of their \
piano lesson, since the room is painted" it is:
{json.dumps(_EXAMPLE, ensure_ascii=False, separators=(",", ":"))}
- opening: who calls and why, without a question.
- questions: one for each thing that the goal wants to know, and no other.
- type: yes_no, date (a day), time (of day), number (how many), choice (of a few things, which are in "choices"), name \
(of a person), phone, email; text for all else.
- ask: one short friendly question; ask_again: the same in other words.
- if_no: "end" where a no makes the other questions pointless.
- objections: what people may say against it, and the answer.
- voicemail: who called and why.
Say only what the goal and the facts tell. Invent no names, times, prices or numbers, leave no gaps such as [Name]; do \
not speak of what you do not know."""
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch",
}  # fmt: skip


def request(brief: ScriptBrief) -> list[Message]:
    """The first request."""
    told = [f"Goal: {brief.goal}"]
    if brief.audience:
        told.append(f"Who is called: {brief.audience}")
    told += [f"Fact: {fact}" for fact in brief.facts.values()]
    told += [f"Heed: {constraint}" for constraint in brief.constraints]
    told += [f'Never say: "{phrase}"' for phrase in brief.forbidden]
    if brief.variables:
        places = ", ".join(f"{{{{{name}}}}} (such as {example})" for name, example in brief.variables.items())
        told.append(f"You may write these, and they are filled in for each call: {places}")
    if brief.disclosures:
        told.append(f"Said after the opening, not by you: {' '.join(brief.disclosures)}")
    told.append(f"Language of all that is said: {_LANGUAGES.get(brief.language, brief.language)}")
    return [Message(Role.SYSTEM, RULES), Message(Role.CALLER, "\n".join(told))]


def again(brief: ScriptBrief, wrong: Iterable[tuple[Finding, str]]) -> list[Message]:
    """The request to do it better; beside each finding what was said there.

    The whole answer is not shown again: it would not fit into a small context beside the next one.
    """
    rules, told = request(brief)
    listed = "\n".join(f'- "{said}": {finding.message}' if said else f"- {finding.message}" for finding, said in wrong)
    return [rules, Message(Role.CALLER, f"{told.text}\nYou have tried before, and this was wrong:\n{listed}")]
