from __future__ import annotations

import gc
import weakref

from agent.ops.garbage import spare_what_stays


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_is_spared_and_new_garbage_is_still_collected() -> None:
    try:
        spare_what_stays()
        spared = gc.get_freeze_count()
        new = weakref.ref(Node())
        gc.collect()
        assert spared > 1000
        assert new() is None
    finally:
        gc.unfreeze()
