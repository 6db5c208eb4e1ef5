"""The words by which the model is asked to write a script, part by part.

Rules and brief come first and are the same for every part, so that they are read once; reading is slow on small
machines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agent.dialog.history import Message, Role
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding
from agent.scripts.draft import Part

RULES = """You write what an automated agent says in one short telephone call, one part at a time, as JSON.
Say only what the goal and the facts tell. Invent no names, days, times, prices or numbers, leave no gaps such as \
[Name], and do not speak of what you do not know. Write short, friendly, spoken sentences."""
_TASKS = {
    Part.OPENING: """Write who calls and why.
caller: the name of who calls, as the goal has it.
about: what it is about, in a few words to the person who is called.
message: one sentence that tells the person more of what the goal says, without a question; or "".""",
    Part.QUESTIONS: """Write the questions: one for each thing that the goal wants to learn from people, and no other.
Ask nothing that the caller knows.
type: yes_no, choice (of a few things, which are in "choices"), date (a day), time (of day), number (how many), name \
(of a person), phone, email, or text for all else.
if_no: "end" where after a no there is nothing more to ask.""",
    Part.OBJECTIONS: "Write what people may say against this call, and what they are answered: one or two of them.",
}
EXAMPLES: dict[str, tuple[str, dict[Part, Any]]] = {
    "en": (
        "Ask pupils of the Harbour Music School for a new day and teacher of their piano lesson, since the room is "
        "painted.",
        {
            Part.OPENING: {
                "caller": "the Harbour Music School",
                "about": "your piano lesson",
                "message": "We have to move it, since the room is painted.",
            },
            Part.QUESTIONS: [
                {"about": "can be moved", "type": "yes_no", "if_no": "end", "ask": "Would another day suit you?"},
                {"about": "new day", "type": "date", "ask": "Which day would you like?"},
                {
                    "about": "teacher",
                    "type": "choice",
                    "choices": ["the same teacher", "any teacher"],
                    "ask": "Do you want the same teacher, or is any teacher fine?",
                },
            ],
            Part.OBJECTIONS: [{"they_say": "Why is it moved?", "answer": "The room is being painted."}],
        },
    ),
    "de": (
        "Frage Schüler der Musikschule am Hafen nach einem neuen Tag und Lehrer für ihre Klavierstunde, da der Raum "
        "gestrichen wird.",
        {
            Part.OPENING: {
                "caller": "die Musikschule am Hafen",
                "about": "Ihre Klavierstunde",
                "message": "Wir müssen sie verlegen, da der Raum gestrichen wird.",
            },
            Part.QUESTIONS: [
                {"about": "verlegbar", "type": "yes_no", "if_no": "end", "ask": "Passt Ihnen auch ein anderer Tag?"},
                {"about": "neuer Tag", "type": "date", "ask": "Welcher Tag passt Ihnen?"},
                {
                    "about": "Lehrer",
                    "type": "choice",
                    "choices": ["derselbe Lehrer", "ein anderer Lehrer"],
                    "ask": "Möchten Sie denselben Lehrer, oder darf es ein anderer sein?",
                },
            ],
            Part.OBJECTIONS: [{"they_say": "Warum wird sie verlegt?", "answer": "Der Raum wird gestrichen."}],
        },
    ),
}
"""By language: a goal, and what is written for it."""
EXAMPLE_SENTENCES = frozenset(
    sentence
    for _, parts in EXAMPLES.values()
    for sentence in (parts[Part.OPENING]["message"], *(one["answer"] for one in parts[Part.OBJECTIONS]))
)
"""Small models like to say these of other goals as well."""
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch",
}  # fmt: skip


def request(brief: ScriptBrief, part: Part, wrong: Iterable[tuple[Finding, str]] = ()) -> list[Message]:
    """The request for one part; `wrong`: what was found in it the last time, and what was said there."""
    goal, example = EXAMPLES.get(brief.language, EXAMPLES["en"])
    shown = json.dumps({part.value: example[part]}, ensure_ascii=False)
    language = _LANGUAGES.get(brief.language, brief.language)
    asked = [_TASKS[part], f'For the goal "{goal}" it would be: {shown}']
    if listed := [f'- "{said}": {one.message}' if said else f"- {one.message}" for one, said in wrong]:
        asked += ["You have tried before, and this was wrong:", *listed]
    asked.append(f'Now write it in {language} for this goal and no other: "{brief.goal}"')
    return [Message(Role.SYSTEM, RULES), Message(Role.CALLER, "\n".join([*_told(brief), "", *asked]))]


def _told(brief: ScriptBrief) -> list[str]:
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
    return told
