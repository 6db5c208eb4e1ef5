"""Leaving a script: the farewell, and the hand-over to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from agent.dialog.script.script_guide import ScriptGuide
from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.toolbox import Order
from agent.domain.call import EndedReason
from agent.domain.script import CallScript
from agent.domain.script_progress import ScriptProgress
from tests.unit.dialog.booking import BOOKING

FAREWELL = "Goodbye then."
NOBODY = "I am sorry, nobody can take your call at the moment. I will have somebody call you. Goodbye."


class Page:
    """A turn of the agent's, on paper."""

    cut_short = False

    def __init__(self) -> None:
        self.said: list[str] = []
        self.protected = 0

    @property
    def text(self) -> str:
        return " ".join(self.said)

    async def say(self, text: str, *, aside: bool = False) -> None:
        del aside
        self.said.append(text)

    async def say_phrase(
        self, text: str, *, then_protected: str = "", protected: bool = False, aside: bool = False
    ) -> EndedReason | None:
        del then_protected, protected, aside
        self.said.append(text)
        return None

    async def say_all(self, texts: Sequence[str], *, protected: int = 0) -> EndedReason | None:
        self.said += texts
        self.protected = max(self.protected, protected)
        return None

    async def say_and_end(self, text: str, reason: EndedReason) -> EndedReason:
        self.said.append(text)
        return reason

    async def give_answer(self, text: str) -> None:
        raise AssertionError(text)

    async def do(self, order: Order) -> None:
        raise AssertionError(order)


class Call:
    def __init__(self, hand_over: Callable[[str, str], bool] | None = None, script: CallScript = BOOKING) -> None:
        self.progress: list[ScriptProgress] = []
        self.guide = ScriptGuide(
            ScriptTalk(script, {}, today=date(2026, 11, 27)),
            farewell=FAREWELL,
            progressed=self.progress.append,
            hand_over=hand_over,
        )
        self.opening = Page()
        asyncio.run(self.guide.greet(self.opening))

    def hears(self, text: str) -> tuple[list[str], EndedReason | None]:
        page = Page()
        reply = asyncio.run(self.guide.consider(text))
        assert reply is not None
        reply.taken()
        return page.said, asyncio.run(_awaited(reply.say(page)))

    @property
    def outcome(self) -> str | None:
        return self.progress[-1].outcome


async def _awaited(turn: object) -> EndedReason | None:
    return await turn  # type: ignore[misc, no-any-return]  # whatever `Reply.say` gave can be awaited


def test_opening_and_disclosure_are_protected_and_the_question_is_not() -> None:
    call = Call()

    assert call.opening.protected == 2  # the opening and the disclosure
    assert len(call.opening.said) == 3  # and the question


def test_a_callee_who_wants_a_person_is_handed_over_by_the_name_of_the_destination_and_told_so_once() -> None:
    asked: list[tuple[str, str]] = []

    def hand_over(name: str, announcement: str) -> bool:
        asked.append((name, announcement))
        return True

    call = Call(hand_over=hand_over)

    assert call.hears("Can I speak to a person?") == ([], None)
    assert asked == [("reception", "I connect you.")]
    assert call.outcome == "handed_over"


def test_what_a_callee_says_while_they_are_handed_over_changes_nothing() -> None:
    call = Call(hand_over=lambda _name, _words: True)
    call.hears("Can I speak to a person?")

    assert call.hears("Thank you.") == ([], None)
    assert call.outcome == "handed_over"


def test_a_callee_whom_nobody_takes_is_told_so_and_let_go_and_nothing_else_is_claimed() -> None:
    call = Call(hand_over=lambda _name, _words: True)
    call.hears("Can I speak to a person?")
    page = Page()

    assert asyncio.run(call.guide.nobody_took_over(page)) is EndedReason.AGENT_HANGUP
    assert page.said == [NOBODY]
    assert call.outcome == "not_reached"


def test_whoever_hangs_up_while_they_are_handed_over_was_not() -> None:
    call = Call(hand_over=lambda _name, _words: True)
    call.hears("Can I speak to a person?")

    call.guide.call_over()

    assert call.outcome is None


def test_whoever_was_handed_over_has_that_outcome() -> None:
    call = Call(hand_over=lambda _name, _words: True)
    call.hears("Can I speak to a person?")

    call.guide.handed_over()
    call.guide.call_over()

    assert call.outcome == "handed_over"


@pytest.mark.parametrize("hand_over", [None, lambda _name, _words: False])
def test_where_nobody_can_take_over_that_is_said(hand_over: Callable[[str, str], bool] | None) -> None:
    call = Call(hand_over=hand_over)

    said, reason = call.hears("Can I speak to a person?")

    assert said == [NOBODY]
    assert reason is EndedReason.AGENT_HANGUP
    assert call.outcome == "not_reached"


def test_a_call_that_gets_nowhere_by_a_hand_over_is_handed_over_once() -> None:
    fallbacks = BOOKING.fallbacks.model_copy(update={"give_up": "human"})
    call = Call(hand_over=None, script=BOOKING.model_copy(update={"fallbacks": fallbacks}))

    said, reason = call.hears("Can I speak to a person?")

    assert said == [f"I am sorry, nobody can take your call at the moment. {FAREWELL}"]
    assert reason is EndedReason.AGENT_HANGUP


def test_a_callee_who_cuts_off_the_last_answer_still_hears_the_farewell() -> None:
    call = Call()
    call.hears("I'm not interested.")

    assert call.hears("What?") == (["All right. Goodbye."], EndedReason.AGENT_HANGUP)
    assert call.outcome == "refused"


def test_the_farewell_of_the_exit_is_the_last_that_is_said() -> None:
    call = Call()

    assert call.hears("I'm not interested.") == (["All right. Goodbye."], EndedReason.AGENT_HANGUP)
