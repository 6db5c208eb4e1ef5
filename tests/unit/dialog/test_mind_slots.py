"""Which slot of llama.cpp each of several calls gets."""

from __future__ import annotations

import pytest

from agent.dialog.history import Message, Role
from agent.dialog.mind_slots import SlotBook

SYSTEM = Message(Role.SYSTEM, "You are a receptionist.")
OTHER = Message(Role.SYSTEM, "You sell flowers.")


def said(*texts: str, system: Message = SYSTEM) -> list[Message]:
    roles = [Role.CALLER, Role.AGENT]
    return [system, *(Message(roles[at % 2], text) for at, text in enumerate(texts))]


def use(book: SlotBook, messages: list[Message], call: str = "") -> int | None:
    slot = book.borrow(messages, call)
    assert slot is not None
    book.give_back(slot)
    return slot


def test_a_new_call_does_not_take_the_slot_of_one_that_goes_on() -> None:
    book = SlotBook([[SYSTEM]] * 3)
    calls = [use(book, said("Hello"), "A"), use(book, said("Hello, you"), "B"), use(book, said("Hello"), "C")]
    assert calls == [0, 1, 2]


@pytest.mark.parametrize("names", [("A", "B"), ("", "")])
def test_a_call_comes_back_to_its_slot(names: tuple[str, str]) -> None:
    book = SlotBook([[SYSTEM]] * 3)
    first, second = use(book, said("Hello"), names[0]), use(book, said("Good day"), names[1])
    assert use(book, said("Hello", "What can I do?", "When do you open?"), names[0]) == first
    assert use(book, said("Good day", "What can I do?", "How much is it?"), names[1]) == second
    assert use(book, said("Hello", "What can I … (interrupted)", "Wait."), names[0]) == first


def test_a_call_keeps_its_slot_while_its_last_request_lets_go_of_it() -> None:
    book = SlotBook([[SYSTEM]] * 3)
    slot = book.borrow(said("Hello"), "A")
    assert book.borrow(said("Hello, are you"), "A") == slot
    book.give_back(0)
    assert book.borrow(said("Good day"), "B") == 1


def test_each_agent_finds_the_slots_that_know_its_prompt() -> None:
    book = SlotBook([[SYSTEM], [OTHER], [SYSTEM], [OTHER]])
    assert [use(book, said("Roses?", system=OTHER)), use(book, said("Tulips?", system=OTHER))] == [1, 3]


def test_with_more_calls_than_slots_the_longest_unused_is_taken() -> None:
    book = SlotBook([[SYSTEM]] * 2)
    use(book, said("One"))
    use(book, said("Two"))
    use(book, said("One", "Yes?", "More"))
    assert use(book, said("Three")) == 1


def test_a_slot_in_use_is_not_lent_twice() -> None:
    book = SlotBook([[SYSTEM]] * 2)
    assert {book.borrow(said("Hello")), book.borrow(said("Hello"))} == {0, 1}
    assert book.borrow(said("Hello")) is None
    book.give_back(1)
    assert book.borrow(said("Hello")) == 1
