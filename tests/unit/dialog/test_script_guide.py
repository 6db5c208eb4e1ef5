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
from agent.domain.script_progress import ScriptProgress
from tests.unit.dialog.booking import BOOKING

SORRY, FAREWELL = "I cannot do that.", "Goodbye then."


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
    def __init__(self, hand_over: Callable[[str], bool] | None = None) -> None:
        self.progress: list[ScriptProgress] = []
        self.guide = ScriptGuide(
            ScriptTalk(BOOKING, {}, today=date(2026, 11, 27)),
            farewell=FAREWELL,
            sorry=SORRY,
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


def test_a_callee_who_wants_a_person_is_handed_over_by_the_name_of_the_destination() -> None:
    asked: list[str] = []

    def hand_over(name: str) -> bool:
        asked.append(name)
        return True

    call = Call(hand_over=hand_over)

    assert call.hears("Can I speak to a person?") == (["I connect you."], None)
    assert asked == ["reception"]
    assert call.outcome == "handed_over"


def test_a_callee_who_is_back_from_a_hand_over_is_let_go_and_nothing_else_is_claimed() -> None:
    call = Call(hand_over=lambda _name: True)
    call.hears("Can I speak to a person?")

    said, reason = call.hears("Then what?")

    assert said == ["I will have somebody call you. Goodbye."]
    assert reason is EndedReason.AGENT_HANGUP
    assert call.outcome == "not_reached"


@pytest.mark.parametrize("hand_over", [None, lambda _name: False])
def test_where_nobody_can_take_over_that_is_said(hand_over: Callable[[str], bool] | None) -> None:
    call = Call(hand_over=hand_over)

    said, reason = call.hears("Can I speak to a person?")

    assert said == ["I connect you.", SORRY]
    assert reason is EndedReason.AGENT_HANGUP
    assert call.outcome == "not_reached"


def test_the_farewell_of_the_exit_is_the_last_that_is_said() -> None:
    call = Call()

    assert call.hears("I'm not interested.") == (["All right. Goodbye."], EndedReason.AGENT_HANGUP)
