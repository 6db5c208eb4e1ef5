"""What an end of the sound says about the call."""

from __future__ import annotations

import pytest

from agent.domain.call import EndedReason
from agent.media.ending import MediaEndKind, ended_reason

CONTROL_KNOWS = {
    MediaEndKind.PEER_CLOSED,
    MediaEndKind.PEER_HANGUP,
    MediaEndKind.RESET,
    MediaEndKind.LOCAL,
    MediaEndKind.REFUSED,
}


@pytest.mark.parametrize("kind", list(MediaEndKind))
def test_every_kind_has_an_answer(kind: MediaEndKind) -> None:
    expected = None if kind in CONTROL_KNOWS else EndedReason.MEDIA_ERROR
    assert ended_reason(kind) is expected
