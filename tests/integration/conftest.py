"""Databases for whoever asks for one."""

from __future__ import annotations

from tests.integration.store.databases import database_url, store
from tests.integration.store.postgres import postgres_server

__all__ = ["database_url", "postgres_server", "store"]
