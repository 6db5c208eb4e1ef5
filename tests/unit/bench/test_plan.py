from __future__ import annotations

import pytest

from agent.bench.plan import parse_calls
from agent.errors import ConfigurationError


def test_one_number_or_several() -> None:
    assert parse_calls("100") == (100,)
    assert parse_calls("100, 150,200") == (100, 150, 200)


@pytest.mark.parametrize("text", ["", "many", "10,", "1.5", "0", "-3", "1001", "100,0"])
def test_what_is_no_number_of_calls_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--calls"):
        parse_calls(text)
