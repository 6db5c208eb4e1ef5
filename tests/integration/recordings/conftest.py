from __future__ import annotations

from pathlib import Path

import pytest

from agent.store.engine import Store
from tests.integration.recordings.archives import Shelf


@pytest.fixture
def shelf(store: Store, tmp_path: Path) -> Shelf:
    return Shelf(store, tmp_path / "recordings")
