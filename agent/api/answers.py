"""Answers with a body of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError


def json_answer(model: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A model as an answer, in UTF-8."""
    return web.Response(status=status, text=_text(model), content_type="application/json", headers=headers)


def _text(model: BaseModel) -> str:
    try:
        return model.model_dump_json(by_alias=True)
    except PydanticSerializationError:
        # Half of a surrogate pair, from a telephone network or a model: JSON can say it, as an escape, UTF-8 cannot.
        return json.dumps(model.model_dump(mode="json", by_alias=True), separators=(",", ":"))
