"""What was recorded: /v1/calls/{id}/recording, whole or in parts."""

from __future__ import annotations

from aiohttp import web

from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, NoQuery
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.sound_file import RANGE_NOT_SATISFIABLE, sent_file
from agent.domain.recording import RecordingFormat, RecordingResource, RecordingStatus
from agent.store.api_keys import Scope

NO_RECORDING = ProblemType(
    "recording_not_found", 404, "There is no recording", "Look at `recording` of the call: it says why."
)
NOT_READY = ProblemType(
    "recording_not_ready", 409, "The recording is not complete", "Wait for the event `call.recording.ready`."
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
        missing = NO_RECORDING.problem("The file is not on this server; ask the one that led the call.")
        return await sent_file(request.http, path, file_format.content_type, missing=missing)

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
