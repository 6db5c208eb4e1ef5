"""A PostgreSQL server of the tests' own: started once, gone afterwards.

In a conftest: `from tests.integration.store.postgres import postgres_server as postgres_server`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.errors import SetupError
from agent.testing import postgresql
from agent.testing.postgresql import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    try:
        with postgresql.postgres_server(durable=False) as server:
            yield server
    except SetupError as error:
        pytest.fail(str(error))
