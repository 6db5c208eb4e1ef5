"""What was recorded: /v1/calls/{id}/recording, whole or in parts."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from aiohttp import web

from agent.api.byte_range import UnsatisfiableError, byte_range
from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, NoQuery
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.recording import RecordingFormat, RecordingResource, RecordingStatus
from agent.store.api_keys import Scope

CHUNK: Final = 262_144  # 8 s of a WAV: read in a thread, sent at once
NO_RECORDING = ProblemType(
    "recording_not_found", 404, "There is no recording", "Look at `recording` of the call: it says why."
)
NOT_READY = ProblemType(
    "recording_not_ready", 409, "The recording is not complete", "Wait for the event `call.recording.ready`."
)
RANGE_NOT_SATISFIABLE = ProblemType(
    "range_not_satisfiable", 416, "The range begins behind the end", "Content-Range names the size."
)


class Recordings:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> web.StreamResponse:
        """The file, with what HTTP has for files: ranges, conditions, HEAD."""
        call = await found(self._house, request.path["id"])
        kept, file_format = call.recording, _format_of(call.recording)
        if kept is not None and kept.status is RecordingStatus.RECORDING:
            raise NOT_READY.problem()
        if file_format is None:
            raise NO_RECORDING.problem()
        path = self._house.recordings.path(call.id, file_format)
        try:
            fd = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise NO_RECORDING.problem("The file is not on this server; ask the one that led the call.") from None
        try:
            return await _sent(request.http, fd, path, file_format)
        finally:
            await asyncio.to_thread(os.close, fd)

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """The file is removed; the call, its transcript and that it was recorded stay. Again: nothing more happens."""
        call = await found(self._house, request.path["id"])
        if call.recording is None or call.recording.status is RecordingStatus.NOT_RECORDED:
            raise NO_RECORDING.problem()
        if call.recording.status is RecordingStatus.RECORDING:
            raise NOT_READY.problem()
        await self._house.archive.delete_recordings([call.id], now=self._house.now())

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        sound = "The caller on the left, the agent on the right; `recording.format` of the call says which of the two."
        return [
            Route(
                method="GET", path="/calls/{id}/recording", name="get_recording", tag="Calls",
                summary="Get the recording", handler=self.get, scope=Scope.READ, path_parameters=ID, head=True,
                description="Takes `Range` (one range), `If-Range`, `If-None-Match`; HEAD gives the headers alone.",
                media={RecordingFormat.WAV.content_type: sound, "audio/ogg": ""},
                also={206: "The part that `Range` names.", 304: "It is what `If-None-Match` names."},
                problems=(NO_RECORDING, NOT_READY, RANGE_NOT_SATISFIABLE),
            ),
            Route(
                method="DELETE", path="/calls/{id}/recording", name="delete_recording", tag="Calls",
                summary="Delete the recording", handler=self.delete, scope=Scope.ADMIN, path_parameters=ID,
                description="The sound alone. DELETE /v1/calls/{id} erases everything that tells who called.",
                problems=(NO_RECORDING, NOT_READY),
            ),
        ]  # fmt: skip


def _format_of(recording: RecordingResource | None) -> RecordingFormat | None:
    """None: there is no file."""
    kept = recording is not None and recording.status in {RecordingStatus.READY, RecordingStatus.FAILED}
    return recording.format if recording is not None and kept and recording.size else None


async def _sent(http: web.Request, fd: int, path: Path, file_format: RecordingFormat) -> web.StreamResponse:
    stat = os.fstat(fd)
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Type": file_format.content_type,
        "Content-Disposition": f'attachment; filename="{path.name}"',
    }
    known = http.if_none_match or ()
    if any(one.value in {"*", etag.strip('"')} for one in known):
        return web.Response(status=304, headers={"ETag": etag})
    wanted = http.headers.get("Range") if http.headers.get("If-Range", etag) == etag else None
    try:
        part = byte_range(wanted, stat.st_size)
    except UnsatisfiableError:
        raise RANGE_NOT_SATISFIABLE.problem(headers={"Content-Range": f"bytes */{stat.st_size}"}) from None
    sent = range(stat.st_size) if part is None else part
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{stat.st_size}"
    response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
    response.content_length = len(sent)
    await response.prepare(http)
    if http.method != "HEAD":
        for position in range(sent.start, sent.stop, CHUNK):
            await response.write(await asyncio.to_thread(os.pread, fd, min(CHUNK, sent.stop - position), position))
    await response.write_eof()
    return response
