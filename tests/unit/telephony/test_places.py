from __future__ import annotations

from datetime import UTC, datetime

from agent.domain.events import SpeechStarted, TurnEnded
from agent.domain.turns import Speaker, Timings, Turn
from agent.settings import CapacitySettings
from agent.telephony.capacity import Capacity
from agent.telephony.places import Places
from agent.telephony.turn_watch import TurnWatch
from tests.unit.dialog.virtual_time import run

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def places(**changes: int) -> Places:
    return Places(Capacity(CapacitySettings.model_validate(changes)))


def test_as_many_as_there_are() -> None:
    hall = places(max_calls=2)
    assert [hall.take(name) for name in "abc"] == [True, True, False]
    hall.release("a")
    hall.release("a")
    hall.release("c")
    assert [hall.take(name) for name in "cd"] == [True, False]


def test_nobody_overtakes_who_waits() -> None:
    async def main() -> None:
        hall = places(max_calls=1)
        assert hall.take("a")
        assert [hall.line_up("b"), hall.line_up("c")] == [1, 2]
        hall.release("a")
        await hall.wait("b")
        assert (hall.taken, hall.waiting) == (1, 1)
        assert not hall.take("d")
        hall.release("c")
        hall.release("b")
        assert hall.take("d")

    run(main())


def answered(call_id: str, speech_ended: float | None, played: float | None, speaker: Speaker) -> TurnEnded:
    timings = Timings(speech_ended=speech_ended, first_sound_played=played)
    return TurnEnded(call_id, NOW, turn=Turn(1, speaker, "Yes.", 0, 1, timings=timings))


def test_answers_are_counted_with_the_calls_of_their_first_sound() -> None:
    async def main() -> None:
        hall = places(start_calls=3)
        watch = TurnWatch(hall)
        for name in "abc":
            hall.take(name)
        for _ in range(58):
            watch(SpeechStarted("a", NOW, turn_index=1, text="Yes."))
            hall.release("c")  # between the first sound and the end of the turn
            watch(answered("a", 10.0, 19.0, Speaker.CALLER))
            watch(answered("a", 10.0, 11.0, Speaker.AGENT))
            watch(answered("a", None, 19.0, Speaker.AGENT))  # the greeting
            assert hall.take("c")
        assert hall.limit == 4, "each counted at three calls, where the limit was"

    run(main())


def test_a_limit_that_grows_lets_in_who_waits() -> None:
    async def main() -> None:
        hall = places(start_calls=1)
        hall.take("a")
        hall.line_up("b")
        for _ in range(58):
            hall.turn(1.0, calls=1)
        await hall.wait("b")
        assert (hall.taken, hall.limit) == (2, 2)

    run(main())
