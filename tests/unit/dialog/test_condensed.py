from __future__ import annotations

from agent.dialog.condensed import condensed
from agent.dialog.history import Message, Role, ToolUse
from agent.domain.tools import Tool

OPENING = Message(Role.SYSTEM, "Be brief.", (Tool(name="find", description="Finds."),))
BEFORE = [
    Message(Role.AGENT, "Good day."),
    Message(Role.CALLER, "Where is\n1111?"),
    Message(Role.AGENT, "", use=ToolUse("tool_1", "find", {"number": "1111"})),
    Message(Role.TOOL, '{"result": "sent"}', answers="tool_1"),
    Message(Role.AGENT, "It was sent."),
    Message(Role.SYSTEM, "The caller is a regular."),
]
NOW = [
    Message(Role.CALLER, "And 2222?"),
    Message(Role.AGENT, "", use=ToolUse("tool_2", "find", {"number": "2222"})),
    Message(Role.TOOL, '{"result": "lost"}', answers="tool_2"),
]
NOTE = """Record of this call, which the caller knows:
- answer: Good day.
- caller: Where is 1111?
- used find: {"number": "1111"}
- it gave: {"result": "sent"}
- answer: It was sent.
- note: The caller is a regular."""


def test_all_before_the_caller_s_last_words_is_one_note() -> None:
    assert condensed([OPENING, *BEFORE, NOW[0]]) == [OPENING, Message(Role.SYSTEM, NOTE), NOW[0]]


def test_what_a_tool_has_given_is_to_be_worded_and_no_tool_is_shown() -> None:
    told = Message(Role.SYSTEM, 'find gave: {"result": "lost"}\nTell the caller what it gave, in one short sentence.')
    without = Message(Role.SYSTEM, "Be brief.")
    assert condensed([OPENING, *BEFORE, *NOW]) == [without, Message(Role.SYSTEM, NOTE), NOW[0], told]
    assert condensed([OPENING, *NOW, *NOW[1:]]) == [without, NOW[0], told]


def test_the_note_only_grows() -> None:
    first, later = (condensed([OPENING, *BEFORE[:count], NOW[0]])[1].text for count in (1, 6))
    assert later.startswith(first)


def test_without_tools_or_before_a_word_was_said_nothing_is_different() -> None:
    plain = [Message(Role.SYSTEM, "Be brief."), *BEFORE, *NOW]
    assert condensed(plain) == plain
    assert condensed([OPENING]) == [OPENING]
    assert condensed([OPENING, NOW[0]]) == [OPENING, NOW[0]]
    assert condensed([OPENING, *BEFORE[:1]]) == [OPENING, *BEFORE[:1]]
