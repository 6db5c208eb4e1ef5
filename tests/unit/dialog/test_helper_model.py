"""What a model says in a call by a script, and what of it is believed."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.dialog.history import Message, Role
from agent.dialog.script.helper_model import HelperModel
from agent.dialog.script.script_talk import ScriptTalk
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_values import SlotValue
from agent.testing.fakes import FakeMind
from tests.unit.dialog.booking import BOOKING

KNOWN = ["A check-up costs $60.", "The practice is at 12 Lake Street.", "Anna Miller"]
NAME = Slot(name="name", type=SlotType.NAME, ask="Your name?")
KIND = Slot(name="kind", type=SlotType.CHOICE, ask="Which one?", choices=("cleaning", "check-up"))
SURE = Slot(name="sure", type=SlotType.YES_NO, ask="Are you sure?")
DAY = Slot(name="day", type=SlotType.DATE, ask="Which day?")


def helper(answer: str) -> HelperModel:
    script = BOOKING.model_copy(update={"forbidden": ("free of charge",)})
    return HelperModel(
        FakeMind([answer], delay_s=0), script, call="call_1", messages=lambda text: [Message(Role.CALLER, text)]
    )


def answered(answer: str) -> str:
    return asyncio.run(helper(answer).answer("What does a check-up cost?", known=KNOWN))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("A check-up costs $60.", "A check-up costs $60."),
        ("It costs sixty dollars.", "It costs sixty dollars."),
        ("A check-up costs $60. Do you want one?", "A check-up costs $60."),
        ("A check-up costs $80.", ""),
        ("A check-up costs $60. Today it is free of charge.", "A check-up costs $60."),
        ("You win a bicycle and a holiday in Spain.", ""),
        ("none", ""),
        ("", ""),
        ("<|im_end|>", ""),
    ],
)
def test_only_what_is_known_is_said(written: str, said: str) -> None:
    assert answered(written) == said


@pytest.mark.parametrize(
    ("slot", "words", "written", "value"),
    [
        (NAME, "it is your old friend Anna you know", '{"value": "Anna"}', "Anna"),
        (NAME, "it is your old friend you know", '{"value": "Bob"}', None),
        (KIND, "the thing with the brush", '{"value": "Cleaning"}', "cleaning"),
        (KIND, "the thing with the brush", '{"value": "surgery"}', None),
        (SURE, "I guess one could say so", 'It is {"value": "yes"}.', True),
        (SURE, "I guess one could say so", '{"value": "none"}', None),
        (SURE, "I guess one could say so", "yes", None),
        (SURE, "I guess one could say so", '{"value": {"value": 1}}', None),
        (DAY, "the day of days", '{"value": "2026-12-01"}', None),
    ],
)
def test_a_value_is_made_of_what_was_said(slot: Slot, words: str, written: str, value: SlotValue) -> None:
    assert asyncio.run(helper(written).value(slot, slot.ask, words)) == value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=8), st.sampled_from(["en", "de", "fr"]))
def test_whatever_is_said_the_call_goes_on_or_ends(turns: list[str], language: str) -> None:
    script = BOOKING.model_copy(update={"language": language})
    talk = ScriptTalk(script, {}, today=date(2026, 11, 27))
    move = talk.begin()
    talk.commit(move)
    for text in turns:
        if move.ends is not None:
            break
        move = asyncio.run(talk.consider(text))
        talk.commit(move)
        assert move.lines or move.ends
