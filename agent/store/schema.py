"""The tables. A change here needs a migration in `migrations/versions`; a test compares both."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from agent.store.columns import Json, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(40)
"""A prefix of up to eight letters, an underscore, a ULID."""
_NUMBERED = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only what it calls INTEGER."""

calls = Table(
    "calls",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("direction", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("caller", Json),
    Column("callee", Json),
    Column("agent", String(64), nullable=False),
    Column("agent_version", Integer),
    Column("server", String(64), nullable=False),  # the `serve` process that leads it
    Column("created_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Column("ended_reason", String(32)),
    Column("hangup_cause", Integer),
    Column("sip_code", Integer),
    Column("latency", Json),  # figures of its answers
    Column("cpu_seconds", Float),
    Column("metadata", Json, nullable=False),
    Column("variables", Json, nullable=False),
    Column("answered_by", Json),  # who answered a call that we made, with the evidence
    Column("lookup", Json),  # what came of asking who takes it
    Column("script", Json),  # which script it follows, and how far it has come
    Column("last_sequence", Integer, nullable=False, default=0),  # of its events
    Column("transcript_deleted_at", Moment),
    Column("erased_at", Moment),
    Index(None, "created_at", "id"),
    Index(None, "status", "created_at", "id"),
    Index(None, "agent", "created_at", "id"),
)
_WITH_TRANSCRIPT, _WITH_PERSON = calls.c.transcript_deleted_at.is_(None), calls.c.erased_at.is_(None)
for _name, _still in (("transcript", _WITH_TRANSCRIPT), ("personal_data", _WITH_PERSON)):
    Index(f"ix_calls_ended_at_with_{_name}", calls.c.ended_at, sqlite_where=_still, postgresql_where=_still)

outbound_orders = Table(
    "outbound_orders",
    metadata,
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("number", String(16)),  # E.164; NULL once personal data was erased
    Column("caller_id", String(16), nullable=False),  # to be shown; empty: that of the trunk
    Column("state", String(8), nullable=False),  # waiting, taken (by the server that leads the call), dropped
    Column("due_at", Moment, nullable=False),
    Column("scheduled_at", Moment),
    Column("priority", Integer, nullable=False),
    Column("taken_at", Moment),  # written before the first request to a trunk
    Column("trunk", String(64)),  # tried last
    Column("attempts", Integer, nullable=False, default=0),  # requests to trunks
    Column("ring_timeout_s", Float, nullable=False),
    Column("max_duration_s", Float),
    Column("record", Boolean),
    Column("detect_machine", Boolean),
    Column("retries", Integer, nullable=False),
    Column("price_micros", BigInteger, nullable=False),  # per begun minute
    Column("script_id", _ID),
    Column("script_version", Integer),
    Column("refusal", String(32)),  # the rule that forbade it when its turn came
    Column("opted_out", Boolean, nullable=False),  # whom it called wants no more calls
    Index(None, "state", "due_at"),
    Index(None, "number"),
    Index(None, "taken_at"),
)

do_not_call = Table(
    "do_not_call",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("source", String(8), nullable=False),  # api or spoken
    Column("call_id", _ID),  # in which it was said; NULL once that was erased
    Column("note", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "created_at", "id"),
)

switches = Table(
    "switches",
    metadata,
    Column("name", String(32), primary_key=True),  # one that is here is on
    Column("since", Moment, nullable=False),
    Column("reason", Json, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("turn_index", Integer, primary_key=True),
    Column("speaker", String(8), nullable=False),
    Column("text", Json, nullable=False),
    Column("intended", Json),  # of the agent that was cut short
    Column("started_at", Float, nullable=False),  # seconds since the answer
    Column("ended_at", Float, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("timings", Json, nullable=False),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("name", Json, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("answer", Json, nullable=False),
    Column("code", String(64)),
    Column("started_at", Float, nullable=False),  # seconds since the answer
    Column("duration_s", Float, nullable=False),
    Index(None, "call_id", "started_at", "id"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("destination", String(64), nullable=False),  # its name
    Column("kind", String(16), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("requested_by", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("sip_code", Integer),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("price_micros", BigInteger),  # per begun minute; NULL: over no trunk of ours
    Index(None, "call_id", "started_at", "id"),
    Index(None, "started_at"),
)

summaries = Table(
    "summaries",
    metadata,
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(16), nullable=False),  # pending, ready, failed
    Column("wanted", Json, nullable=False),  # what the agent's version asked for, and its language
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment, nullable=False),
    Column("leased_until", Moment),  # a process works on it until then at most
    Column("leased_by", String(128)),
    Column("requested_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("findings", Json),
    Column("error_code", String(64)),
    Index(None, "status", "next_attempt_at"),
)

events = Table(
    "events",
    metadata,
    Column("position", _NUMBERED, primary_key=True, autoincrement=True),  # over all calls, in the order of commits
    Column("id", _ID, nullable=False, unique=True),
    Column("type", String(64), nullable=False),
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE")),
    Column("sequence", Integer),  # within its call, from 1
    Column("at", Moment, nullable=False),
    Column("data", Json, nullable=False),
    Column("traceparent", String(64)),  # of the API request that caused it
    UniqueConstraint("call_id", "sequence"),
    Index(None, "at"),
    sqlite_autoincrement=True,  # the position of an event that was deleted is never given out again
)

agents = Table(
    "agents",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),  # the latest
    Column("source", String(8), nullable=False),  # file or api
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
)
_LIVE = agents.c.deleted_at.is_(None)
Index("uq_agents_name_live", agents.c.name, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)

agent_versions = Table(
    "agent_versions",
    metadata,
    Column("agent_id", _ID, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
)

phone_numbers = Table(
    "phone_numbers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("agent_id", _ID, ForeignKey("agents.id"), nullable=False),
    Column("source", String(8), nullable=False),  # file or api
    Column("lookup_url", Json),  # whom calls to it ask who takes them
    Column("metadata", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("url", Json, nullable=False),
    Column("description", Json, nullable=False),
    Column("events", Json, nullable=False),  # types; empty: all but those on request
    Column("secret", String(128), nullable=False),
    Column("old_secret", String(128)),  # signs too, until it expires
    Column("old_secret_expires_at", Moment),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", String(32)),
    Column("failing_since", Moment),  # no delivery got through since then
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("endpoint_id", _ID, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", _ID, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("event_type", String(64), nullable=False),
    Column("call_id", _ID),
    Column("sequence", Integer),  # of the event within its call
    Column("status", String(16), nullable=False),  # pending, delivered, dead, canceled
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment, nullable=False),
    Column("leased_until", Moment),  # a sender works on it until then at most
    Column("leased_by", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("response_status", Integer),
    Column("error", Json),
    Index(None, "endpoint_id", "status", "next_attempt_at"),
    Index(None, "endpoint_id", "call_id", "status", "sequence"),
    Index(None, "endpoint_id", "created_at", "id"),
    Index(None, "event_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Json, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the whole key, which has 256 random bits
    Column("hint", String(16), nullable=False),  # its first characters
    Column("scopes", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("api_key_id", _ID, primary_key=True),
    Column("idempotency_key", String(255), primary_key=True),
    Column("request", String(64), nullable=False),  # SHA-256 of method, path and body
    Column("created_at", Moment, nullable=False),
    Column("status", Integer),  # of the answer; NULL while it is being worked on
    Column("headers", Json),
    Column("body", Json),
    Column("made", String(64)),  # id of what the request made, written with it
    Index(None, "created_at"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("call_id", _ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("consent", String(16), nullable=False),
    Column("answered_by", String(8)),
    Column("decided_at", Moment, nullable=False),  # the recording begins here
    Column("format", String(8)),  # the file's name is made of the call's id and this
    Column("seconds", Float),
    Column("size", BigInteger),
    Column("error", String(32)),
    Column("deleted_at", Moment),
    Column("file_removed", Boolean, nullable=False),  # of one that was deleted: nothing is left on disk
    Index(None, "status", "decided_at"),
)

bus_positions = Table(
    "bus_positions",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("position", BigInteger, nullable=False),  # events up to it were published
    Column("leased_until", Moment),  # a process publishes until then at most
    Column("leased_by", String(64)),
)

scripts = Table(
    "scripts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("status", String(16), nullable=False),  # writing, draft, failed
    Column("brief", Json),  # what the model was asked for
    Column("version", Integer, nullable=False),  # the latest; 0: none yet
    Column("approved_version", Integer),  # the latest that was approved
    Column("attempts", Integer, nullable=False),
    Column("error_code", String(64)),
    Column("findings", Json),  # in what the model wrote
    Column("leased_until", Moment),  # a process has it written until then at most
    Column("leased_by", String(128)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Index(None, "created_at", "id"),
    Index(None, "status", "created_at"),
)

script_versions = Table(
    "script_versions",
    metadata,
    Column("script_id", _ID, ForeignKey("scripts.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("approved_at", Moment),
)
