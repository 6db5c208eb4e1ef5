from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.store.api_keys import ApiKey, Scope


@pytest.mark.parametrize(
    ("own", "allowed"),
    [
        (set(), set()),
        ({Scope.READ}, {Scope.READ}),
        ({Scope.CALLS}, {Scope.READ, Scope.CALLS}),
        ({Scope.ADMIN}, set(Scope)),
        ({Scope.READ, Scope.CALLS}, {Scope.READ, Scope.CALLS}),
    ],
)
def test_a_scope_includes_those_below(own: set[Scope], allowed: set[Scope]) -> None:
    key = ApiKey("key_1", "test", "pa_xxxxxxx", frozenset(own), datetime.now(UTC))
    assert {scope for scope in Scope if key.may(scope)} == allowed
