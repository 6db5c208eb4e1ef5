"""What the callee's words mean for the plan of the call, as far as rules can tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from agent.dialog.farewell import is_farewell
from agent.dialog.script.agreement import agreement
from agent.dialog.script.manner import Manner, manner, question_in
from agent.dialog.script.slot_reading import DISTINCT, slot_value
from agent.dialog.script.talk_state import TalkState
from agent.dialog.script.wording import telling_words
from agent.dialog.yes_no import YesNo
from agent.domain.script import CallScript, Exit
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_state import same
from agent.domain.script_values import SlotValue, fault

FAREWELLS = ("goodbye", "good bye", "bye", "bye bye", "tschüss", "auf wiederhören", "wiederhören", "auf wiedersehen")
MOSTLY = 0.5
"""So many of the telling words of an objection must be said for it."""
FEWEST = 2
"""Of them, unless it has only one."""
_CORRECTS: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:actually|sorry|i mean(?:t)?|change|instead|correction|rather|wrong|mistake|wait|not .+ but"
        r"|make (?:it|that))\b"
        r"|^\W*(?:no|oh no|oops)\b"
    ),
    "de": re.compile(
        r"\b(?:eigentlich|entschuldigung|ich mein(?:t)?e|ändern|stattdessen|korrektur|lieber|falsch|moment|sondern"
        r"|doch)\b|^\W*(?:nein|nee|ach)\b"
    ),
}
_PERSONS = {"person", "human", "colleague", "manager", "operator", "agent", "staff", "mensch", "mitarbeiter", "kolleg"}


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one turn of the callee's."""

    text: str
    values: Mapping[str, SlotValue] = field(default_factory=dict)
    """Of slots, the open one or others: right for their slots."""
    repeats: str = ""
    """The slot of a name that was said again as it was understood before."""
    fault: str = ""
    """Why what was said for the open slot is not right for it."""
    agreed: YesNo = YesNo.UNCLEAR
    """With the value that is to be confirmed."""
    corrects: bool = False
    """Values of settled slots take the place of those."""
    manner: Manner | None = None
    question: str = ""
    """What the callee asks."""
    objection: str = ""
    """The answer to what the callee objects."""
    leaves_by: Exit | None = None
    """The call ends, or is handed over."""
    opts_out: bool = False
    """The callee does not want to be called again."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found in it that the plan knows."""
        return not (
            self.values
            or self.fault
            or self.agreed is not YesNo.UNCLEAR
            or self.manner
            or self.question
            or self.objection
            or self.leaves_by
            or self.opts_out
        )


def read(script: CallScript, state: TalkState, text: str, *, today: date) -> Reading:
    """Read a turn without the language model."""
    language = script.language
    slot = state.open_slot(script)
    kind = manner(text, language)
    question = question_in(text, language)
    values, wrong = _values(script, state, text, today)
    agreed = agreement(text, language) if state.confirming else YesNo.UNCLEAR
    if state.confirming and slot is not None:
        values = _while_confirming(slot, state, values, agreed)
    answers = slot is not None and (slot.name in values or bool(wrong) or agreed is not YesNo.UNCLEAR)
    if question and slot is not None and not state.confirming and slot.type is SlotType.TEXT:
        values.pop(slot.name, None)
    objection = _objection(script, text) if not answers or question else ""
    leaves = _hand_over(script, text, kind)
    if leaves is None and _ends(kind, slot, state, answers=answers, text=text):
        leaves = script.exit(script.fallbacks.declined) or script.exit(script.fallbacks.give_up)
    if kind in {Manner.WAIT, Manner.REPEAT, Manner.DOES_NOT_KNOW} and answers and slot is not None:
        kind = None if slot.type is not SlotType.TEXT else kind
    if kind is not None and slot is not None and slot.type is SlotType.TEXT and not state.confirming:
        values.pop(slot.name, None)
    return Reading(
        text,
        values,
        repeats=_repeated_name(script, state, text, today),
        fault=wrong if language[:2] == "en" or not wrong else "",
        agreed=agreed,
        corrects=bool((pattern := _CORRECTS.get(language[:2])) and pattern.search(text.lower())),
        manner=kind,
        question="" if objection else question,
        objection=objection,
        leaves_by=leaves,
    )


def _values(script: CallScript, state: TalkState, text: str, today: date) -> tuple[dict[str, SlotValue], str]:
    """What the words say for each slot, and why it is not right for the open one."""
    values: dict[str, SlotValue] = {}
    wrong = ""
    open_slot = state.open_slot(script)
    if open_slot is not None:
        misheard = state.misheard_as if state.misheard == open_slot.name else ""
        value = slot_value(open_slot, text, script.language, today=today, asked=True, misheard=misheard)
        wrong = "" if value is None else fault(open_slot, value, today=today)
        if value is not None and not wrong:
            values[open_slot.name] = value
    types = [slot.type for slot in script.slots]
    for slot in script.slots:
        if slot is open_slot or slot.type not in DISTINCT | {SlotType.NAME, SlotType.CHOICE}:
            continue
        if open_slot is not None and slot.type is open_slot.type:
            continue
        settled = state.values.get(slot.name, state.given.get(slot.name))
        if types.count(slot.type) > 1 and settled is None:
            continue
        value = slot_value(slot, text, script.language, today=today, asked=False)
        if value is None or fault(slot, value, today=today) or (settled is not None and same(settled, value)):
            continue
        if slot.type is SlotType.CHOICE and open_slot is not None and open_slot.name in values and settled is None:
            continue  # its words may belong to the answer
        values[slot.name] = value
    return values, wrong


def _repeated_name(script: CallScript, state: TalkState, text: str, today: date) -> str:
    """The slot of a name that somebody says again, though it is known."""
    for slot in script.slots:
        known = state.values.get(slot.name, state.given.get(slot.name))
        if slot.type is SlotType.NAME and known is not None:
            said = slot_value(slot, text, script.language, today=today, asked=False)
            if str(known).casefold() in text.casefold() or (said is not None and same(said, known)):
                return slot.name
    return ""


def _while_confirming(
    slot: Slot, state: TalkState, values: dict[str, SlotValue], agreed: YesNo
) -> dict[str, SlotValue]:
    """Whoever says yes, or repeats the value, gives no new one; nor does a text, or a name within a yes."""
    value = values.get(slot.name)
    if value is None:
        return values
    repeated = same(value, state.given.get(slot.name))
    only_words = slot.type is SlotType.YES_NO or (slot.type in {SlotType.TEXT, SlotType.NAME} and agreed is YesNo.YES)
    if repeated or only_words or (slot.type is SlotType.TEXT and agreed is YesNo.UNCLEAR):
        return {name: other for name, other in values.items() if name != slot.name}
    return values


def _objection(script: CallScript, text: str) -> str:
    """The answer to the objection that is nearest to these words, if one is near."""
    said = telling_words(text)
    best, answer = 0.0, ""
    for objection in script.objections:
        meant = telling_words(objection.when)
        hits = len(meant & said)
        share = hits / len(meant) if meant else 0.0
        if share >= MOSTLY and hits >= min(FEWEST, len(meant)) and share > best:
            best, answer = share, objection.answer
    return answer


def _hand_over(script: CallScript, text: str, kind: Manner | None) -> Exit | None:
    said = telling_words(text)
    for rule in script.hand_overs:
        meant = telling_words(rule.when)
        asks_for_person = kind is Manner.PERSON and bool(_PERSONS & set(rule.when.lower().split()) or meant & _PERSONS)
        hits = len(meant & said)
        if asks_for_person or (hits >= FEWEST and hits / len(meant) >= MOSTLY):
            return script.exit(rule.exit)
    return None


def _ends(kind: Manner | None, slot: Slot | None, state: TalkState, *, answers: bool, text: str) -> bool:
    """Whether the callee ends the call. "Not interested" answers a question of yes or no."""
    if is_farewell(text, FAREWELLS):
        return True
    if kind is not Manner.DECLINE:
        return False
    return not (answers and slot is not None and (slot.type is SlotType.YES_NO or state.confirming))
