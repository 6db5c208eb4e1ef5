"""Makes a whole script of what the model drafted: states, ways, exits and fixed sentences are the program's. Pure."""

from __future__ import annotations

import re
import unicodedata

from agent.domain.script import CallScript, Exit, Fallbacks
from agent.domain.script import Objection as ScriptObjection
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_slot import Slot, SlotLimits, SlotType
from agent.domain.script_state import Comparison, Condition, State, Transition
from agent.scripts.draft import Draft, Question
from agent.scripts.fixed_words import FixedWords, words_of

DONE, NOT_WANTED, DECLINED, GAVE_UP, OPTED_OUT = "done", "not_wanted", "declined", "no_result", "do_not_call"
CONFIRMED = frozenset({SlotType.DATE, SlotType.TIME, SlotType.NUMBER, SlotType.PHONE, SlotType.EMAIL, SlotType.NAME})
"""Types whose values are easily misheard."""
_LEFT_OUT = re.compile(r"[^a-z0-9]+")
_SPENT_WORDS = frozenset({"the", "a", "an", "of", "for", "your", "their", "our", "is", "to", "and", "in", "on", "at"})


def script_of(draft: Draft, brief: ScriptBrief) -> CallScript:
    """The script. Raises ValidationError where texts of it are too long for one."""
    words = words_of(brief.language)
    taken = set(brief.variables) | {DONE, NOT_WANTED, DECLINED, GAVE_UP, OPTED_OUT}
    slots = [_slot(question, _name(question.about, taken), words) for question in draft.questions]
    ends = [question.type is SlotType.YES_NO and question.if_no == "end" for question in draft.questions]
    exits = [Exit(name=DONE, outcome="completed", success=True, say=words.done)]
    if any(ends):
        exits.append(Exit(name=NOT_WANTED, outcome=NOT_WANTED, say=words.not_wanted))
    exits += [
        Exit(name=DECLINED, outcome=DECLINED, say=words.declined),
        Exit(name=GAVE_UP, outcome=GAVE_UP, say=words.gave_up),
        Exit(name=OPTED_OUT, outcome=OPTED_OUT, say=words.opted_out),
    ]
    opening = draft.opening
    who_and_why = (_plain(opening.caller), _plain(opening.about))
    disclosures = (words.assistant,) if brief.disclosures is None else brief.disclosures
    return CallScript(
        name=brief.goal[:120],
        purpose=brief.goal,
        language=brief.language,
        agent=brief.agent,
        variables=brief.variables,
        facts=brief.facts,
        opening=f"{words.opening % who_and_why} {opening.message}".strip(),
        disclosures=disclosures,
        slots=tuple(slots),
        states=tuple(_states(draft.questions, slots, ends)),
        exits=tuple(exits),
        objections=tuple(ScriptObjection(when=one.they_say, answer=one.answer) for one in draft.objections),
        forbidden=brief.forbidden,
        fallbacks=Fallbacks(
            not_understood=words.not_understood,
            silence=words.silence,
            give_up=GAVE_UP,
            opt_out=OPTED_OUT,
            declined=DECLINED,
        ),
        voicemail=words.voicemail % who_and_why,
    )


def _states(questions: tuple[Question, ...], slots: list[Slot], ends: list[bool]) -> list[State]:
    """One for each question: the runner asks for all slots of a state at once where they are given at once."""
    names = [f"ask_{slot.name}"[:48] for slot in slots]
    onward = [*names[1:], DONE]
    states = []
    for question, slot, name, to, end in zip(questions, slots, names, onward, ends, strict=True):
        no = Condition(slot=slot.name, compare=Comparison.IS, value=False)
        out = (Transition(when=(no,), to=NOT_WANTED),) if end else ()
        states.append(State(name=name, goal=question.about, slots=(slot.name,), transitions=(*out, Transition(to=to))))
    return states


def _slot(question: Question, name: str, words: FixedWords) -> Slot:
    return Slot(
        name=name,
        type=question.type,
        ask=question.ask,
        confirm=words.confirm % name if question.type in CONFIRMED else "",
        about=question.about,
        choices=tuple(dict.fromkeys(question.choices)) if question.type is SlotType.CHOICE else (),
        limits=SlotLimits(earliest_in_days=0) if question.type is SlotType.DATE else SlotLimits(),
    )


def _plain(words: str) -> str:
    return words.rstrip(" .!,;:")


def _name(about: str, taken: set[str]) -> str:
    """A name of the first words; numbered where it is taken."""
    plain = unicodedata.normalize("NFKD", about).encode("ascii", "ignore").decode().lower()
    words = [word for word in _LEFT_OUT.split(plain) if word and word not in _SPENT_WORDS][:3]
    stem = "_".join(words)[:32].strip("_")
    stem = stem if stem[:1].isalpha() else f"answer_{stem}".strip("_")
    name = next(one for one in (stem, *(f"{stem}_{number}" for number in range(2, 99))) if one not in taken)
    taken.add(name)
    return name
