"""Errors of our own are problems with a code, never a 500."""

from __future__ import annotations

import pytest

from agent import errors
from agent.api.problem_mapping import problem_of


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.TelephonyError("SECRET"), 502, "telephony_error"),
        (errors.MediaError("SECRET"), 502, "telephony_error"),
        (errors.LanguageModelError("SECRET"), 503, "model_unavailable"),
        (errors.SpeechToTextError("SECRET"), 503, "model_unavailable"),
        (errors.TextToSpeechError("SECRET"), 503, "model_unavailable"),
        (errors.ModelError("SECRET"), 503, "model_unavailable"),
        (errors.StoreError("SECRET"), 503, "store_error"),
        (errors.WebhookError("SECRET"), 502, "webhook_error"),
        (ValueError("SECRET"), 500, "internal_error"),
    ],
)
def test_each_has_its_problem_and_keeps_its_text_to_itself(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.type.status, problem.code) == (status, code)
    assert "SECRET" not in problem.detail
    assert status != 503 or "Retry-After" in problem.headers
