from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.dialog.keys import KeyPad, as_message
from agent.domain.agent import Agent, Keys


def entries(pad: KeyPad, keys: str, *, at: float = 0.0, every_s: float = 0.1) -> list[str]:
    found = []
    for number, key in enumerate(keys):
        found += pad.press(key, at + number * every_s)
    return found


def test_a_terminator_ends_an_entry_at_once() -> None:
    pad = KeyPad(Keys())
    assert entries(pad, "12*34#") == ["12*34"]
    assert pad.due_at() is None


def test_a_pause_ends_an_entry() -> None:
    pad = KeyPad(Keys(timeout_s=2.5))
    assert entries(pad, "123", at=10) == []
    assert pad.due_at() == pytest.approx(12.7)
    assert pad.poll(12.69) == []
    assert pad.poll(12.71) == ["123"]
    assert pad.poll(20) == []
    assert pad.due_at() is None


def test_a_key_after_the_pause_begins_a_new_entry_even_if_nobody_looked() -> None:
    pad = KeyPad(Keys(timeout_s=2))
    assert pad.press("1", 0) == []
    assert pad.press("2", 5) == ["1"]
    assert pad.press("#", 6) == ["2"]
    assert pad.press("3", 7) == []
    assert pad.press("#", 20) == ["3", "#"]


def test_a_long_entry_is_complete() -> None:
    assert entries(KeyPad(Keys(max_digits=4)), "123456#") == ["1234", "56"]


def test_a_terminator_alone_is_an_entry() -> None:
    assert entries(KeyPad(Keys()), "##1#") == ["#", "#", "1"]


def test_no_terminator() -> None:
    pad = KeyPad(Keys(terminator=""))
    assert entries(pad, "1#*") == []
    assert pad.poll(10) == ["1#*"]


@settings(deadline=None)
@given(
    presses=st.lists(st.tuples(st.sampled_from("0123456789*#ABCD"), st.floats(0, 5)), max_size=100),
    keys=st.builds(Keys, terminator=st.sampled_from(["", "#", "*"]), max_digits=st.integers(1, 6)),
)
def test_every_key_is_in_exactly_one_entry_in_order(presses: list[tuple[str, float]], keys: Keys) -> None:
    pad, at, found = KeyPad(keys), 0.0, []
    for key, pause_s in presses:
        at += pause_s
        found += pad.press(key, at)
    found += pad.poll(at + 30)
    assert all(found)
    assert max(map(len, found), default=0) <= keys.max_digits

    def digits(text: str) -> str:
        return text.replace(keys.terminator, "") if keys.terminator else text

    assert digits("".join(found)) == digits("".join(key for key, _ in presses))


def test_what_the_model_reads() -> None:
    assert as_message("12*4") == "(The caller keyed 1 2 * 4 on the telephone.)"


@pytest.mark.parametrize("keys", ["12w", "1 2", "1" * 33])
def test_an_agent_keys_nothing_but_keys(keys: str) -> None:
    with pytest.raises(ValueError, match="keys_on_answer"):
        Agent(name="a", greeting="Hello.", instructions="Talk.", keys_on_answer=keys)
