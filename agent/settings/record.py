"""What is kept, where and how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from agent.domain.recording import RecordingFormat
from agent.settings.section import OptionalPath, Section


class StoreSettings(Section):
    """The record: calls, transcripts, events, agents, keys. `phone-agent migrate` makes or updates its tables."""

    file: OptionalPath = None
    """Of SQLite; empty: in the user's data directory. Not used where there is a `url`."""
    url: SecretStr = SecretStr("")
    """A PostgreSQL database, such as postgresql://USER:PASSWORD@HOST/NAME; empty: SQLite."""
    url_file: OptionalPath = None
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    """Name of this server; empty: that of the machine. Servers that share a database need different ones: each closes
    at its start the calls that it left open when it died."""


class RecordingsSettings(Section):
    """Recordings of calls, for agents that have `recording.consent`."""

    folder: OptionalPath = None
    """Empty: in the user's data directory. Each server needs one of its own, for nobody else's files."""
    format: RecordingFormat = RecordingFormat.WAV
    """`wav`: as it is written, 1.9 MB a minute; `opus`: a tenth of that, made by the program opusenc after the call."""


Days = Annotated[float, Field(ge=0, le=36_500)]


class RetentionSettings(Section):
    """How long after a call what is kept; 0: for ever. Looked after at start and every hour."""

    recordings_days: Days = 30
    transcripts_days: Days = 90
    """Turns, and what events and summaries tell of what was said."""
    personal_data_days: Days = 365
    """Everything that tells who called: numbers, metadata, variables; with it transcript and recording, if still there.
    What stays of the call are times and figures."""
    events_days: Days = 90
    """Events and their deliveries, once no delivery is pending: older ones can be neither listed nor replayed."""
