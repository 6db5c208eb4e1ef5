"""A small resource, as a real one is written: notes in a table of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from aiohttp import web
from pydantic import Field, JsonValue
from sqlalchemy import Column, Index, MetaData, Row, String, Table, delete, func, insert, select, update

from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.ids import new_id
from agent.store.api_keys import Scope
from agent.store.columns import Json, Moment
from agent.store.engine import Store
from agent.store.keyset import Position, page

metadata = MetaData()
notes = Table(
    "notes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("definition", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_notes_created_at_id", "created_at", "id"),
)
ALREADY_SENT = ProblemType("note_already_sent", 409, "The note was sent already", "Write another one.")
EXAMPLE = {"name": "Shopping", "items": [{"text": "milk", "amount": 2}]}


class Item(RequestModel):
    """One line of a note."""

    text: str = Field(max_length=1000)
    amount: int = Field(default=1, ge=1, le=1000)
    """How many."""


class NewNote(RequestModel):
    """What to write."""

    name: str = Field(max_length=2_000_000)
    """Free text."""
    items: list[Item] = Field(default_factory=list)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    """Anything of the client's own."""


class Note(ResponseModel):
    """A note."""

    object: Literal["note"] = "note"
    id: str
    status: Literal["draft", "sent"]
    name: str
    items: list[Item]
    metadata: dict[str, JsonValue]
    created_at: datetime


class NoteQuery(PageQuery):
    """Which notes."""

    status: Literal["draft", "sent"] | None = None
    """Only these."""
    tag: list[str] | None = None


class Notes:
    """The routes of the resource, over its table."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0
        self.on_create = _nothing
        """Called in a POST, before anything is written."""
        self.on_created = _nothing
        """The same, behind it."""

    def routes(self) -> list[AnyRoute]:
        example = {"id": "note_01", "status": "draft", "created_at": "2026-01-31T09:30:00Z", "metadata": {}, **EXAMPLE}
        return [
            Route(
                method="POST",
                path="/notes",
                name="create_note",
                tag="Notes",
                summary="Write a note",
                scope=Scope.CALLS,
                handler=self.create,
                request=NewNote,
                response=Note,
                status=201,
                request_example=EXAMPLE,
                response_example=example,
            ),
            Route(
                method="GET",
                path="/notes",
                name="list_notes",
                tag="Notes",
                summary="List notes",
                scope=Scope.READ,
                handler=self.list,
                query=NoteQuery,
                response=Page[Note],
            ),
            Route(
                method="GET",
                path="/notes/{id}",
                name="get_note",
                tag="Notes",
                summary="Fetch a note",
                scope=Scope.READ,
                handler=self.get,
                response=Note,
                path_parameters={"id": "Id of the note."},
            ),
            Route(
                method="POST",
                path="/notes/{id}/send",
                name="send_note",
                tag="Notes",
                summary="Send a note",
                scope=Scope.CALLS,
                handler=self.send,
                response=Note,
                problems=(ALREADY_SENT,),
            ),
            Route(
                method="DELETE",
                path="/notes/{id}",
                name="delete_note",
                tag="Notes",
                summary="Forget a note",
                scope=Scope.ADMIN,
                handler=self.delete,
            ),
            Route(
                method="GET",
                path="/notes/{id}/text",
                name="get_note_text",
                tag="Notes",
                summary="Fetch the text of a note",
                scope=Scope.READ,
                handler=self.text,
                media={"text/plain": "The text."},
            ),
        ]

    async def create(self, request: ApiRequest[NewNote, NoQuery]) -> Note:
        await self.on_create()
        if request.attempt.made is not None:
            return await self._fetched(request.attempt.made)
        self._count += 1
        created_at = datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=self._count // 2)  # two at each moment
        note_id = new_id("note")
        definition = request.body.model_dump(mode="json")
        async with self._store.write() as connection:
            await connection.execute(
                insert(notes).values(id=note_id, status="draft", definition=definition, created_at=created_at)
            )
            await request.attempt.makes(connection, note_id)
        await self.on_created()
        request.answer_headers["Location"] = f"/v1/notes/{note_id}"
        return await self._fetched(note_id)

    async def list(self, request: ApiRequest[NoBody, NoteQuery]) -> Page[Note]:
        wanted = request.query
        query = select(notes)
        if wanted.status:
            query = query.where(notes.c.status == wanted.status)
        query = page(
            query,
            notes.c.created_at,
            notes.c.id,
            after=wanted.cursor,
            limit=wanted.limit,
            descending=wanted.order == "desc",
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return page_of(rows, wanted, item=_note, position=lambda row: Position(row.created_at, row.id))

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> Note:
        return await self._fetched(request.path["id"])

    async def send(self, request: ApiRequest[NoBody, NoQuery]) -> Note:
        note = await self._fetched(request.path["id"])
        if note.status == "sent":
            raise ALREADY_SENT.problem(f"{note.id} was sent already.")
        async with self._store.write() as connection:
            await connection.execute(update(notes).where(notes.c.id == note.id).values(status="sent"))
        return await self._fetched(note.id)

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        note = await self._fetched(request.path["id"])
        async with self._store.write() as connection:
            await connection.execute(delete(notes).where(notes.c.id == note.id))

    async def text(self, request: ApiRequest[NoBody, NoQuery]) -> web.Response:
        return web.Response(text=(await self._fetched(request.path["id"])).name)

    async def count(self) -> int:
        async with self._store.read() as connection:
            return (await connection.execute(select(func.count()).select_from(notes))).scalar_one()

    async def _fetched(self, note_id: str) -> Note:
        async with self._store.read() as connection:
            row = (await connection.execute(select(notes).where(notes.c.id == note_id))).one_or_none()
        if row is None:
            raise NOT_FOUND.problem("There is no note with this id.")
        return _note(row)


def _note(row: Row[Any]) -> Note:
    return Note(
        id=row.id,
        status=row.status,
        created_at=row.created_at,
        name=row.definition["name"],
        items=[Item.model_validate(item) for item in row.definition["items"]],
        metadata=row.definition["metadata"],
    )


async def _nothing() -> None:
    return None
