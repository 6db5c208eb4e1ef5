"""The hold music that ships."""

from __future__ import annotations

from agent.asterisk.hold_music import PATH, hold_music


def test_what_ships_is_what_the_program_makes() -> None:
    made = hold_music()
    assert PATH.read_bytes() == made
    assert len(made) == 16 * 8000
