from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.api.byte_range import UnsatisfiableError, byte_range


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 100, None),
        ("", 100, None),
        ("bytes=0-0", 100, range(1)),
        ("bytes=0-", 100, range(100)),
        ("bytes=10-19", 100, range(10, 20)),
        ("bytes=90-200", 100, range(90, 100)),
        ("bytes=99-", 100, range(99, 100)),
        ("bytes=-10", 100, range(90, 100)),
        ("bytes=-200", 100, range(100)),
        ("BYTES = 1-2", 100, range(1, 3)),
        ("bytes=5-4", 100, None),  # makes no sense: ignored
        ("bytes=0-1,5-6", 100, None),
        ("bytes=-", 100, None),
        ("bytes=a-b", 100, None),
        ("bytes=٣-٤", 100, None),
        ("seconds=0-1", 100, None),
        (f"bytes=0-{'9' * 30}", 100, None),
    ],
)
def test_what_is_asked_for(header: str | None, size: int, expected: range | None) -> None:
    assert byte_range(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=0-", 0), ("bytes=-0", 100), ("bytes=-1", 0)])
def test_what_nobody_can_give(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        byte_range(header, size)


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_the_bytes_are_those_of_a_slice(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    for header, slice_ in ((f"bytes={first}-{last}", slice(first, last + 1)), (f"bytes={first}-", slice(first, None))):
        try:
            part = byte_range(header, size)
        except UnsatisfiableError:
            assert first >= size
            continue
        if part is None:
            assert last < first
        else:
            assert bytes(content[at] for at in part) == content[slice_] != b""


@given(st.text(), st.integers(0, 1000))
def test_no_header_breaks_it(header: str, size: int) -> None:
    try:
        part = byte_range(header, size)
    except UnsatisfiableError:
        return
    assert part is None or (0 <= part.start < part.stop <= size)
