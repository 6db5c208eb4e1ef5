"""Calls on record, with recordings in a folder, to be erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.call_resource import CallResource
from agent.domain.events import CallChanged, Event, KeysEntered, RecordingChanged, TurnEnded
from agent.domain.recording import Consent, Recording, RecordingFormat, RecordingStatus
from agent.domain.turns import Speaker, Turn
from agent.recordings.archive import Archive
from agent.recordings.folder import RecordingsFolder
from agent.settings import RecordingsSettings
from agent.store import calls, events, recordings
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.schema import turns

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
NUMBER = "+493012345678"
SECRET = "My name is Erika Mustermann."
DIGITS = "471100815"


@dataclass
class Shelf:
    """A record of calls and the archive over it."""

    store: Store
    folder: Path
    server: str = "one"

    @property
    def archive(self) -> Archive:
        return Archive(self.store, self.recordings, server=self.server)

    @property
    def recordings(self) -> RecordingsFolder:
        return RecordingsFolder.of(RecordingsSettings(folder=self.folder))

    def file(self, call_id: str) -> Path:
        return self.folder / f"{call_id}.wav"

    async def happened(self, *happened: Event) -> list[StoredEvent]:
        chronicle = Chronicle(self.store, server=self.server)
        told: list[StoredEvent] = []
        for event in happened:
            async with self.store.write() as connection:
                told += await chronicle.write(connection, event)
            chronicle.committed(event)
        return told

    async def call(
        self, call_id: str, *, caller: str = NUMBER, ended: datetime = NOW, recorded: bool = True, over: bool = True
    ) -> str:
        """One call on record, of a minute."""
        began = ended - timedelta(minutes=1)
        ringing = Call(call_id, Direction.INBOUND, caller, "1000", "desk", CallStatus.RINGING, began)
        answered = transition(ringing, CallStatus.IN_PROGRESS, at=began)
        await self.happened(
            CallChanged(call_id, began, call=ringing),
            CallChanged(call_id, began, call=answered),
            TurnEnded(call_id, began, turn=Turn(0, Speaker.CALLER, SECRET, 0.0, 1.0)),
            KeysEntered(call_id, began, digits=DIGITS),
        )
        async with self.store.write() as connection:
            await calls.set_metadata(connection, call_id, {"name": SECRET})
        if over:
            done = transition(answered, CallStatus.COMPLETED, at=ended, reason=EndedReason.CALLER_HANGUP)
            await self.happened(CallChanged(call_id, ended, call=done))
        if recorded:
            recording = Recording(
                RecordingStatus.READY, Consent.ANNOUNCED, None, began, RecordingFormat.WAV, seconds=1.0, size=32_044
            )
            self.folder.mkdir(exist_ok=True)
            self.file(call_id).write_bytes(b"RIFF" + bytes(32_040))
            await self.happened(RecordingChanged(call_id, ended, recording=recording))
        return call_id

    async def shown(self, call_id: str) -> CallResource:
        async with self.store.read() as connection:
            found = await calls.get(connection, call_id)
        assert found is not None
        return found

    async def events_of(self, call_id: str) -> list[StoredEvent]:
        async with self.store.read() as connection:
            return await events.after_sequence(connection, call_id, 0, limit=100)

    async def turns_of(self, call_id: str) -> list[Any]:
        async with self.store.read() as connection:
            return list(await connection.execute(select(turns).where(turns.c.call_id == call_id)))

    async def waiting_files(self) -> list[str]:
        async with self.store.read() as connection:
            return await recordings.to_remove(connection, self.server, limit=100)
