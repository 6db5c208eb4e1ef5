"""Models and voices: /v1/models, /v1/voices."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, QueryModel, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.models.shelf import Kind, ModelState, Shelved
from agent.store.api_keys import Scope

MODEL: Final = {
    "object": "model",
    "name": "whisper-base",
    "kind": "stt",
    "summary": "OpenAI Whisper base in CTranslate2 format: the default ears.",
    "licence": "MIT",
    "languages": ["multilingual"],
    "size_bytes": 147882941,
    "state": "loaded",
    "in_use": True,
}
VOICE: Final = {
    "object": "voice",
    "name": "en_US-joe-medium",
    "summary": "Piper voice Joe, American English: the default mouth.",
    "licence": "CC0-1.0",
    "languages": ["en"],
    "size_bytes": 63206434,
    "state": "loaded",
    "default": True,
}


class ModelQuery(QueryModel):
    """Which models."""

    kind: Kind | None = None
    """`stt` hears, `llm` thinks, `tts` speaks."""
    state: ModelState | None = None


class ModelResource(ResponseModel):
    """A model that this installation can use."""

    object: Literal["model"] = "model"
    name: str
    kind: Kind
    summary: str
    licence: str | None
    """Null where it is not known: of a file of yours, or a server that others run."""
    languages: list[str]
    """ISO 639-1, or `multilingual`; empty where it is not known."""
    size_bytes: int | None
    state: ModelState
    """`loaded` or `loading`: at work; `downloaded`; `available`: by `phone-agent models pull`; `external`."""
    in_use: bool

    @classmethod
    def of(cls, model: Shelved) -> ModelResource:
        """For the public."""
        return cls.model_validate(model, from_attributes=True)


class VoiceResource(ResponseModel):
    """A voice that agents can have: its name is what `voice` of an agent takes."""

    object: Literal["voice"] = "voice"
    name: str
    summary: str
    licence: str | None
    languages: list[str]
    size_bytes: int | None
    state: ModelState
    """Only `loaded` and `external` ones can be heard at once; others after `tts.voice` or a file names them."""
    default: bool
    """Of agents that name none."""


class ModelList(ResponseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelResource]


class VoiceList(ResponseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[VoiceResource]


class ModelsOnShelf:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._shelf = house.shelf

    async def models(self, request: ApiRequest[NoBody, ModelQuery]) -> ModelList:
        """What hears, thinks and speaks, and what could."""
        query = request.query
        found = [
            model
            for model in await asyncio.to_thread(self._shelf.list)
            if query.kind in {None, model.kind} and query.state in {None, model.state}
        ]
        return ModelList(data=[ModelResource.of(model) for model in found])

    async def voices(self, _request: ApiRequest[NoBody, NoQuery]) -> VoiceList:
        """Names for `voice` of an agent."""
        found = [model for model in await asyncio.to_thread(self._shelf.list) if model.kind == "tts"]
        return VoiceList(data=[self._voice(model) for model in found])

    def _voice(self, model: Shelved) -> VoiceResource:
        return VoiceResource(
            name=model.name,
            summary=model.summary,
            licence=model.licence,
            languages=list(model.languages),
            size_bytes=model.size_bytes,
            state=model.state,
            default=model.name == self._shelf.default_voice,
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"method": "GET", "tag": "System", "scope": Scope.READ}
        return [
            Route(
                path="/models", name="list_models", summary="List models", handler=self.models, query=ModelQuery,
                response=ModelList, response_example={"object": "list", "data": [MODEL]}, **alike,
            ),
            Route(
                path="/voices", name="list_voices", summary="List voices", handler=self.voices, response=VoiceList,
                response_example={"object": "list", "data": [VOICE]}, **alike,
            ),
        ]  # fmt: skip
