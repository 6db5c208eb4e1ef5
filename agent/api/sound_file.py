"""A sound file as an answer, with what HTTP has for files: ranges, conditions, HEAD."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from aiohttp import web

from agent.api.byte_range import UnsatisfiableError, byte_range
from agent.api.problems import ApiProblem, ProblemType

CHUNK: Final = 262_144  # 8 s of a WAV: read in a thread, sent at once
RANGE_NOT_SATISFIABLE = ProblemType(
    "range_not_satisfiable", 416, "The range begins behind the end", "Content-Range names the size."
)


async def sent_file(http: web.Request, path: Path, content_type: str, *, missing: ApiProblem) -> web.StreamResponse:
    """The whole file, or the part that was asked for. Raises `missing` where it cannot be opened, ApiProblem (416)."""
    try:
        fd = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise missing from None
    try:
        return await _sent(http, fd, path, content_type)
    finally:
        await asyncio.to_thread(os.close, fd)


async def _sent(http: web.Request, fd: int, path: Path, content_type: str) -> web.StreamResponse:
    stat = os.fstat(fd)
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Type": content_type,
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
