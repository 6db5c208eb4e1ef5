from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.history import Message, Role, ToolUse
from agent.dialog.mind_messages import StreamedRequests, as_request, for_langchain
from agent.dialog.tool_request import LONGEST_ARGUMENTS, ToolRequest, WrittenRequests
from agent.domain.tools import Tool

NAMES = ["find_order", "book"]


def read(text: str, size: int = 3) -> tuple[str, list[ToolRequest]]:
    """What is spoken and what is asked for, of an answer that comes in pieces of so many characters."""
    written = WrittenRequests(NAMES)
    spoken = "".join(written.feed(text[at : at + size]) for at in range(0, len(text), size))
    rest, requests = written.end()
    return spoken + rest, requests


CALL = '{"name": "find_order", "arguments": {"number": "1234"}}'
REQUEST = ToolRequest("find_order", '{"number": "1234"}')


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        f"<tool_call>\n{CALL}\n</tool_call>",
        f"<tools>\n{CALL}\n</tools>",
        f"```json\n{CALL}\n```",
        f"```xml\n<tool_call>\n{CALL}\n</tool_call>\n```",
        '{"type": "function", "function": {"name": "find_order", "arguments": "{\\"number\\": \\"1234\\"}"}}',
        '{"name": "find_order", "parameters": {"number": "1234"}}',
    ],
)
def test_a_request_that_is_written_as_text_is_none_of_the_words(text: str) -> None:
    assert read(text) == ("", [REQUEST])


def test_words_before_it_are_spoken_at_once_and_none_after_it() -> None:
    written = WrittenRequests(NAMES)
    assert written.feed("Let me look. ") == "Let me look. "
    assert written.feed(f"<tool_call>{CALL}") == ""
    assert written.feed("</tool_call> I found it.") == ""
    assert written.end() == ("", [REQUEST])


def test_several_are_found_in_their_order() -> None:
    assert [request.name for request in read(f'{CALL}\n{{"name": "book", "arguments": {{}}}}')[1]] == NAMES


@pytest.mark.parametrize("text", ["It costs less than 5 < 6.", "A {strange} word.", "Use `make`.", '{"price": 5}'])
def test_other_text_is_spoken(text: str) -> None:
    assert read(text) == (text, [])


def test_one_that_was_broken_off_is_a_request_that_will_not_pass() -> None:
    spoken, (request,) = read('{"name": "find_order", "arguments": {"number": "12')
    assert (spoken, request.name) == ("", "find_order")
    with pytest.raises(ValueError, match="no JSON"):
        request.parsed()


def test_a_tool_that_there_is_not_is_told_and_not_spoken() -> None:
    assert read('{"name": "rm_rf", "arguments": {}}') == ("", [ToolRequest("rm_rf", "{}")])


@given(st.text(), st.integers(1, 7))
def test_no_word_is_lost_whatever_is_written(text: str, size: int) -> None:
    spoken, requests = read(text, size)
    assert requests or spoken == text


@pytest.mark.parametrize("arguments", ["[]", "1", "null", "{", "NaN", '{"a": NaN}', " " * (LONGEST_ARGUMENTS + 1)])
def test_arguments_are_an_object_of_bounded_size(arguments: str) -> None:
    with pytest.raises(ValueError, match="arguments"):
        ToolRequest("book", arguments).parsed()


def test_no_arguments_are_an_empty_object() -> None:
    assert ToolRequest("book", "").parsed() == {}


def chunk(*parts: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(tool_call_chunks=list(parts))


def test_requests_are_put_together_from_the_pieces_of_a_stream() -> None:
    streamed = StreamedRequests()
    for one in (
        chunk({"index": 0, "name": "find_order", "args": ""}),
        chunk({"index": 0, "name": None, "args": '{"number":'}),
        chunk({"index": 1, "name": "book", "args": "{}"}, {"index": 0, "name": None, "args": ' "1234"}'}),
        SimpleNamespace(),
    ):
        streamed.add(one)
    assert streamed.complete() == [REQUEST, ToolRequest("book", "{}")]


def test_messages_have_openai_s_form() -> None:
    tool = Tool(name="find_order", description="Finds an order.")
    use = ToolUse("tool_1", "find_order", {"number": "1234"})
    messages = [
        Message(Role.SYSTEM, "Be brief.", (tool,)),
        Message(Role.CALLER, "Where is it?"),
        Message(Role.AGENT, "One moment.", use=use),
        Message(Role.TOOL, '{"result": "sent"}', answers="tool_1"),
    ]
    assert for_langchain(messages) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is it?"},
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {
                    "id": "tool_1",
                    "type": "function",
                    "function": {"name": "find_order", "arguments": '{"number": "1234"}'},
                }
            ],
        },
        {"role": "tool", "content": '{"result": "sent"}', "tool_call_id": "tool_1"},
    ]
    assert as_request(messages[:1]) == {
        "messages": [{"role": "system", "content": "Be brief."}],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "find_order",
                    "description": "Finds an order.",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
    }
