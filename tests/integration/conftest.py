"""Databases and brokers for whoever asks for one."""

from __future__ import annotations

from tests.integration.bus.rabbitmq_server import rabbitmq_server
from tests.integration.bus.redis_server import redis_server
from tests.integration.store.databases import database_url, migrated_database, migrated_file, postgres, store
from tests.integration.store.postgres import postgres_server

__all__ = [
    "database_url",
    "migrated_database",
    "migrated_file",
    "postgres",
    "postgres_server",
    "rabbitmq_server",
    "redis_server",
    "store",
]
