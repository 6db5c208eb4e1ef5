"""The past that benches fill a store with, and what they ask of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from agent.api.calls import CallQuery
from agent.api.paging import encoded
from agent.bench.service.api import ApiPlan
from agent.bench.service.history import DAYS, history
from agent.bench.service.requests import LIST, READING, TRAFFIC, Asked, Known
from agent.bench.service.stores import parse_stores
from agent.bench.service.webhooks import WebhooksPlan
from agent.domain.call import CallStatus
from agent.errors import ConfigurationError
from agent.store.keyset import Position
from tests.unit.bench.conversation.chance import seeded

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_same_seed_gives_the_same_calls_and_another_one_others() -> None:
    assert list(history(1, 50, NOW)) == list(history(1, 50, NOW))
    assert list(history(1, 50, NOW)) != list(history(2, 50, NOW))


def test_every_call_is_over_and_has_all_its_events_in_order() -> None:
    calls = list(history(3, 2000, NOW))
    assert len({past.call["id"] for past in calls}) == 2000
    created = [past.call["created_at"] for past in calls]
    assert created == sorted(created)
    assert (NOW - created[0]).days == DAYS
    for past in calls:
        assert CallStatus(past.call["status"]).terminal
        assert [event["sequence"] for event in past.events] == list(range(1, past.call["last_sequence"] + 1))
        assert [event["type"] for event in past.events].count("call.ended") == 1
        assert bool(past.turns) == (past.call["status"] == "completed")
        times = [event["at"] for event in past.events]
        assert times[0] == past.call["created_at"]
    assert set(Counter(past.call["status"] for past in calls)) > {"completed", "busy", "no-answer", "canceled"}


def test_requests_are_ones_that_the_api_takes() -> None:
    cursors = [encoded(Position(NOW, "call_1"))]
    known = Known(["call_1"], cursors, ["receptionist"], NOW.isoformat(), DAYS)
    chance = seeded(4)
    drawn = [known.draw(chance, shares) for shares in (READING, TRAFFIC) for _ in range(500)]
    kinds = Counter(asked.kind for asked in drawn)
    assert set(kinds) == set(READING) | set(TRAFFIC)
    lists = [CallQuery.model_validate(asked.query) for asked in drawn if asked.kind == LIST]
    assert {query.limit for query in lists} == {20, 100}
    assert {query.order for query in lists} == {"desc", "asc"}
    assert any(query.status for query in lists)
    assert any(query.created_after for query in lists)
    again = seeded(4)
    assert known.draw(again, READING) == drawn[0]
    assert isinstance(drawn[0], Asked)


def test_what_cannot_be_measured_is_refused_before_anything_runs() -> None:
    assert parse_stores("both") == ("sqlite", "postgresql")
    for broken in (
        lambda: parse_stores("oracle"),
        lambda: ApiPlan(("sqlite",), control="nonsense"),
        lambda: WebhooksPlan(("sqlite",), control="busy-loop"),
    ):
        with pytest.raises(ConfigurationError, match="known"):
            broken()
