from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.api.json_body import MAX_DEPTH, parsed
from agent.api.problems import ApiProblem

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES, st.booleans())
def test_what_is_json_is_taken_as_it_is(value: Any, ascii_only: bool) -> None:
    assert parsed(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(ApiProblem):
        parsed(raw)


@pytest.mark.parametrize("raw", [b"", b"NaN", b"-Infinity", b"1e400", b"\xef\xbb\xbf{}", b"[1,]", b"'x'", b"1" * 4301])
def test_what_is_no_json_gets_400(raw: bytes) -> None:
    with pytest.raises(ApiProblem) as caught:
        parsed(raw)
    assert (caught.value.type.status, caught.value.code) == (400, "invalid_json")


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 5000, 400_000])
@pytest.mark.parametrize("bracket", ["[]", "{}"])
def test_nesting_has_a_limit(levels: int, bracket: str) -> None:
    opening = "[" if bracket == "[]" else '{"x":'
    deep = (opening * levels + "1" + bracket[1] * levels).encode()
    with pytest.raises(ApiProblem) as caught:
        parsed(deep)
    assert caught.value.errors[0].code == "too_deep"


def test_nesting_to_the_limit_is_fine() -> None:
    assert parsed(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_pairs_are_text_and_halves_are_not() -> None:
    assert parsed(rb'"\ud83d\ude00"') == "😀"
    with pytest.raises(ApiProblem) as caught:
        parsed(rb'{"a": {"b": ["x", {"c": "\ude00\ud83d"}]}}')
    [error] = caught.value.errors
    assert (error.field, error.code) == ("a.b[1].c", "invalid_text")
