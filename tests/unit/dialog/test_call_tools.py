"""What the model does with the call itself: announced, heard to the end, and only what its agent may."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agent.dialog.call_tools import call_tools
from agent.dialog.history import Role
from agent.dialog.prompts import opening
from agent.dialog.tool_request import ToolRequest
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.call_control import CallControl, CallTool
from agent.domain.commands import HangUp, PutOnHold
from agent.domain.events import Event, SpeechStarted, ToolCalled
from agent.domain.tool_calls import ToolStatus
from agent.domain.transfer import TransferDestination, TransferFailure, TransferKind
from agent.domain.turns import Speaker
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.exchange import FakeExchange
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

SALES = TransferDestination(name="sales", description="Who wants to buy.", endpoint="desk")
CONTROL = CallControl(destinations=(SALES,), tools=tuple(CallTool))
AGENT = Agent(name="tester", greeting="Good day.", instructions="Be brief.", call_control=CONTROL)
TO_SALES = ToolRequest("transfer_call", '{"destination": "sales"}')
END = ToolRequest("end_call", "{}")
QUESTION = (("agent_quiet", 9), ("speak", 1.0), ("quiet", 7))


def stage(
    exchange: FakeExchange, *answers: str | list[str | ToolRequest], heard: str = "Sales, please.", **control: Any
) -> Stage:
    agent = AGENT.model_copy(update={"call_control": CONTROL.model_copy(update=control)})
    scene = Stage(agent, FakeEars([heard]), FakeMind(answers), switching=exchange)
    exchange.playing = lambda: scene.line.playout.busy
    return scene


def statuses(scene: Stage) -> list[tuple[str, ToolStatus]]:
    return [(event.tool_call.name, event.tool_call.status) for event in scene.events if isinstance(event, ToolCalled)]


def test_a_caller_is_connected_when_the_announcement_was_heard() -> None:
    scene = stage(exchange := FakeExchange(), ["Of course.", TO_SALES])
    assert run(scene.caller(*QUESTION)) is EndedReason.TRANSFERRED
    assert (exchange.noted, exchange.spoken_over) == (["reach", "connect"], [])
    assert scene.said_by(Speaker.AGENT) == ["Good day.", "Of course.", CONTROL.connecting]
    assert statuses(scene) == [("transfer_call", ToolStatus.SUCCEEDED)]
    assert len(scene.mind.asked) == 1, "the model has nothing more to say"


def test_a_caller_who_was_not_connected_is_told_so_and_the_model_knows() -> None:
    scene = stage(exchange := FakeExchange(TransferFailure.BUSY), [TO_SALES], "I can take a message.")
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("speak", 1.0), ("quiet", 7), ("hang_up", 0)))
    assert exchange.noted == ["reach", "back"]
    assert f"{CONTROL.connecting} {CONTROL.not_connected}" in scene.said_by(Speaker.AGENT)
    assert any("sales" in message.text and "busy" in message.text for message in scene.mind.asked[-1])


def test_a_telephone_system_that_fails_is_a_transfer_that_fails() -> None:
    scene = stage(FakeExchange(broken=True), [TO_SALES])
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("hang_up", 0)))
    assert f"{CONTROL.connecting} {CONTROL.not_connected}" in scene.said_by(Speaker.AGENT)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"destination": "+19005551234"}',
        '{"destination": "PJSIP/900@evil"}',
        '{"destination": "sales", "number": "+19005551234"}',
        '{"destination": ["sales"]}',
        '{"number": "+19005551234"}',
        "{}",
        "sales",
    ],
)
def test_nothing_but_the_name_of_a_destination_is_taken(arguments: str) -> None:
    wrong = ToolRequest("transfer_call", arguments)
    scene = stage(exchange := FakeExchange(), [wrong], [wrong], "I cannot do that.")
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("hang_up", 0)))
    assert (exchange.orders, exchange.noted) == ([], [])
    assert {status for _, status in statuses(scene)} == {ToolStatus.INVALID}


def test_what_an_agent_may_not_do_is_not_there() -> None:
    scene = stage(exchange := FakeExchange(), [END], [TO_SALES], "No.", tools=())
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("hang_up", 0)))
    assert exchange.noted == []
    assert {status for _, status in statuses(scene)} == {ToolStatus.INVALID}
    assert opening(scene.agent).tools == ()
    without = AGENT.model_copy(update={"call_control": CallControl()})
    assert call_tools(without) == ()


def test_whoever_is_asked_hears_why_and_takes_the_call_by_a_key() -> None:
    attended = SALES.model_copy(update={"kind": TransferKind.ATTENDED})
    exchange = FakeExchange(other_presses="51")
    scene = stage(exchange, [TO_SALES], "The caller wants to buy a boat.", destinations=(attended,))
    assert run(scene.caller(*QUESTION)) is EndedReason.TRANSFERRED
    assert exchange.noted == ["reach", "brief", "connect"]
    record = scene.mind.asked[-1]
    assert [message.role for message in record] == [Role.SYSTEM, Role.CALLER]
    assert "Caller: Sales, please." in record[-1].text
    assert CONTROL.accepted in scene.mouth.said


@pytest.mark.parametrize(
    ("keys", "why"), [("2", "cannot take the call"), ("", "nobody took the call"), ("3*#", "nobody took the call")]
)
def test_whoever_does_not_take_the_call_leaves_the_caller_with_the_agent(keys: str, why: str) -> None:
    attended = SALES.model_copy(update={"kind": TransferKind.ATTENDED, "accept_timeout_s": 1})
    exchange = FakeExchange(other_presses=keys)
    scene = stage(exchange, [TO_SALES], "The caller wants a boat.", "I see.", destinations=(attended,))
    run(scene.caller(*QUESTION, ("quiet", 21), ("speak", 1.0), ("quiet", 7), ("hang_up", 0)))
    assert exchange.noted == ["reach", "brief", "back"]
    assert any(why in message.text for message in scene.mind.asked[-1])
    asked = scene.mouth.said.count("To take the call, press one or say yes.")
    assert asked == (0 if keys == "2" else 2), "who has decided is not asked any more"
    assert "All right." in scene.mouth.said


def test_the_end_of_the_call_ends_a_transfer_first() -> None:
    """The goodbye that the API wants comes while the other telephone is being asked."""
    attended = SALES.model_copy(update={"kind": TransferKind.ATTENDED})
    exchange = FakeExchange()
    scene = stage(exchange, [TO_SALES], "The caller wants a boat.", destinations=(attended,))
    note = exchange.note

    def brief(what: str) -> None:
        note(what)
        if what == "brief":
            scene.commands.put_nowait(HangUp("All the best."))

    exchange.note = brief  # type: ignore[method-assign]  # a test double that tells when it is far enough
    assert run(scene.caller(*QUESTION)) is EndedReason.API_HANGUP
    assert exchange.noted == ["reach", "brief", "back"]
    assert scene.said_by(Speaker.AGENT)[-1] == "All the best."


def test_the_model_ends_the_call_after_its_own_goodbye_or_ours() -> None:
    scene = stage(FakeExchange(), ["Have a nice day.", END], heard="That was it.")
    assert run(scene.caller(*QUESTION)) is EndedReason.AGENT_HANGUP
    assert scene.said_by(Speaker.AGENT) == ["Good day.", "Have a nice day."]
    scene = stage(FakeExchange(), [END], heard="That was it.")
    assert run(scene.caller(*QUESTION)) is EndedReason.AGENT_HANGUP
    assert scene.said_by(Speaker.AGENT) == ["Good day.", AGENT.phrases.farewell]


def test_keys_are_pressed_when_nothing_is_said() -> None:
    scene = stage(FakeExchange(), ["I press two.", ToolRequest("press_keys", '{"keys": "2#"}')], "Done.")
    pressed: list[tuple[str, bool]] = []

    async def press(keys: str) -> None:
        pressed.append((keys, scene.line.playout.busy))

    scene.press = press
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("hang_up", 0)))
    assert pressed == [("2#", False)]
    assert scene.said_by(Speaker.AGENT)[-1] == "I press two. Done."


@pytest.mark.parametrize("keys", ["", "A", "2,,3", "1" * 33, "2\n", "+49301234567"])
def test_what_is_no_key_is_not_pressed(keys: str) -> None:
    wrong = ToolRequest("press_keys", json.dumps({"keys": keys}))
    scene = stage(FakeExchange(), [wrong], [wrong], "No.")
    pressed: list[str] = []

    async def press(keys: str) -> None:
        pressed.append(keys)

    scene.press = press
    run(scene.caller(*QUESTION, ("agent_quiet", 20), ("hang_up", 0)))
    assert pressed == []


def test_a_caller_is_held_for_as_long_as_the_model_said() -> None:
    scene = stage(exchange := FakeExchange(), [ToolRequest("hold_call", '{"seconds": 5}')], "Here I am.")
    run(scene.caller(*QUESTION, ("quiet", 3), ("hang_up", 0)))
    assert (exchange.noted, exchange.spoken_over) == (["hold", "back"], [])
    assert scene.said_by(Speaker.AGENT)[1:] == [f"{CONTROL.please_hold} {CONTROL.thanks_for_holding}"]


def test_a_hold_from_outside_cuts_the_agent_and_nobody_asks_whether_the_caller_is_there() -> None:
    exchange = FakeExchange()
    scene = stage(exchange, "This is a long answer that nobody will hear to its end, however long they listen.")

    def hold_once(event: Event) -> None:
        if isinstance(event, SpeechStarted) and not exchange.noted:
            asyncio.get_running_loop().call_later(0.2, scene.commands.put_nowait, PutOnHold())

    scene.on_event = hold_once
    run(scene.caller(("quiet", 60), ("hang_up", 0)))
    assert exchange.noted == ["hold"]
    assert AGENT.phrases.still_there not in scene.said_by(Speaker.AGENT)
