from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.history import CHARACTERS_PER_TOKEN, CUT, History, Message, Role, ToolUse


def test_words_without_an_answer_between_them_are_one_message() -> None:
    history = History(Message(Role.SYSTEM, "Be brief."), context_tokens=1000, answer_tokens=100)
    history.caller_said("One.")
    history.caller_said("Two.")
    history.agent_was_heard("Three", interrupted=True)
    history.agent_was_heard("", interrupted=True)
    assert [(m.role, m.text) for m in history.messages()] == [
        (Role.SYSTEM, "Be brief."), (Role.CALLER, "One. Two."), (Role.AGENT, "Three" + CUT),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.booleans(), st.text(min_size=1, max_size=300)), max_size=60))
def test_the_prompt_never_outgrows_the_context_and_keeps_the_latest(turns: list[tuple[bool, str]]) -> None:
    history = History(Message(Role.SYSTEM, "system"), context_tokens=400, answer_tokens=100)
    for of_caller, text in turns:
        if of_caller:
            history.caller_said(text)
        else:
            history.agent_was_heard(text, interrupted=False)
    messages = history.messages()
    assert messages[0].text == "system"
    if turns:
        assert messages[-1].text.endswith(turns[-1][1])
    if len(messages) > 2:
        assert sum(len(message.text) for message in messages) <= 300 * CHARACTERS_PER_TOKEN


def with_tools() -> History:
    history = History(Message(Role.SYSTEM, "Be brief."), context_tokens=400, answer_tokens=100)
    history.caller_said("Where is it?")
    history.tool_used(ToolUse("tool_1", "find", {"number": "1"}), "under way", said="One moment.")
    return history


def test_a_tool_is_asked_for_behind_the_words_that_were_said() -> None:
    history = with_tools()
    history.tool_answered("tool_1", "sent")
    history.agent_was_heard("It was sent.", interrupted=False)
    history.caller_said("Thanks.")
    assert [(message.role, message.text) for message in history.messages()[1:]] == [
        (Role.CALLER, "Where is it?"), (Role.AGENT, "One moment."), (Role.TOOL, "sent"),
        (Role.AGENT, "It was sent."), (Role.CALLER, "Thanks."),
    ]  # fmt: skip
    assert [message.use.id for message in history.messages() if message.use] == ["tool_1"]


def test_an_answer_that_comes_late_stands_where_it_was_asked_for() -> None:
    history = with_tools()
    history.caller_said("Hurry up.")
    history.agent_was_heard("I am on it.", interrupted=False)
    history.tool_answered("tool_1", "sent")
    history.tool_answered("tool_of_long_ago", "forgotten")
    assert [message.text for message in history.messages() if message.role is Role.TOOL] == ["sent"]


def test_words_do_not_join_those_before_a_tool() -> None:
    history = with_tools()
    history.agent_was_heard("Sent.", interrupted=False)
    assert [message.text for message in history.messages() if message.role is Role.AGENT] == ["One moment.", "Sent."]


@given(st.lists(st.sampled_from(["caller", "agent", "tool"]), max_size=60), st.integers(1, 200))
def test_a_tool_and_its_answer_are_kept_and_forgotten_together(kinds: list[str], size: int) -> None:
    history = History(Message(Role.SYSTEM, "system"), context_tokens=400, answer_tokens=100)
    for number, kind in enumerate(kinds):
        if kind == "caller":
            history.caller_said("c" * size)
        elif kind == "agent":
            history.agent_was_heard("a" * size, interrupted=False)
        else:
            history.tool_used(ToolUse(f"tool_{number}", "find", {}), "t" * size)
    messages = history.messages()
    for before, message in pairwise(messages):
        assert (message.role is Role.TOOL) == (before.use is not None)
        if before.use is not None:
            assert message.answers == before.use.id
    assert messages[-1].use is None
