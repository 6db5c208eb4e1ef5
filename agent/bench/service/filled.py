"""A store with a past, and what a back end knows of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from agent.api.paging import encoded
from agent.bench.service import bulk
from agent.bench.service.history import AGENTS, DAYS, PastCall, history
from agent.bench.service.requests import Known
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.keyset import Position
from agent.store.schema import calls, events, turns

KEYS = 64
"""Each may make 600 requests at once and 10 a second: a key for every process of a large back end."""
_AT_ONCE = 2_000
_IDS, _CURSORS = 2_000, 400


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put in."""

    known: Known
    keys: list[str]
    rows: dict[str, int]
    """By table."""


async def fill(store: Store, *, seed: int, count: int) -> Filled:
    """Put so many calls with their turns and events into an empty store."""
    now = datetime.now(UTC)
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    shown = set(chance.sample(range(count), min(_IDS, count)))
    past = history(seed, count, now)
    places: list[tuple[str, str]] = []
    rows = dict.fromkeys(("calls", "turns", "events"), 0)
    number = 0
    while some := list(islice(past, _AT_ONCE)):
        rows["calls"] += await bulk.insert(store, calls, (one.call for one in some))
        rows["turns"] += await bulk.insert(store, turns, _each(some, "turns"))
        rows["events"] += await bulk.insert(store, events, _each(some, "events"))
        for one in some:
            if number in shown:
                places.append((one.call["id"], encoded(Position(one.call["created_at"], one.call["id"]))))
            number += 1
    await bulk.learn(store)
    keys = ApiKeys(store)
    made = [await keys.create(f"bench {n}", frozenset({Scope.ADMIN}), now) for n in range(KEYS)]
    known = Known(
        call_ids=[call_id for call_id, _ in places],
        cursors=[cursor for _, cursor in chance.sample(places, min(_CURSORS, len(places)))],
        agents=list(AGENTS),
        since=(now - timedelta(days=DAYS)).isoformat(),
        days=DAYS,
    )
    return Filled(known, [secret for _, secret in made], rows)


def _each(some: list[PastCall], part: str) -> Iterator[dict[str, object]]:
    for one in some:
        yield from getattr(one, part)
