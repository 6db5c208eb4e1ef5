from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.history import CHARACTERS_PER_TOKEN, CUT, History, Role


def test_words_without_an_answer_between_them_are_one_message() -> None:
    history = History("Be brief.", context_tokens=1000, answer_tokens=100)
    history.caller_said("One.")
    history.caller_said("Two.")
    history.agent_was_heard("Three", interrupted=True)
    history.agent_was_heard("", interrupted=True)
    assert [(m.role, m.text) for m in history.messages()] == [
        (Role.SYSTEM, "Be brief."), (Role.CALLER, "One. Two."), (Role.AGENT, "Three" + CUT),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.booleans(), st.text(min_size=1, max_size=300)), max_size=60))
def test_the_prompt_never_outgrows_the_context_and_keeps_the_latest(turns: list[tuple[bool, str]]) -> None:
    history = History("system", context_tokens=400, answer_tokens=100)
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
