from __future__ import annotations

from agent.bench.conversation.shares import notes, percent, ratio, reasons


def test_shares() -> None:
    assert percent([True, False, None, True]) == 50
    assert percent([]) is None
    assert ratio([True, False]) == "1/2"
    assert reasons(["b", None, "a", "b"]) == {"a": 1, "b": 2}


def test_notes_tell_everything() -> None:
    told = {"short_answers": {"judged": 3, "not_judged": {}, "by_kind": {"a": "1/2", "b": "1/1"}, "not_heard": ["yes"]}}
    assert notes(told) == ("short answers: judged 3; not judged: nothing; by kind: a 1/2, b 1/1; not heard: yes",)
