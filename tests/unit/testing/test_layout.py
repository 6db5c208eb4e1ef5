"""Where packets are laid, under jitter, loss, stalls, bursts and restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.testing.softphone.layout import LATE, Layout, Place
from agent.testing.softphone.rtp import FRAME, Packet


class Stream:
    """A sender whose packets arrive when the test says."""

    def __init__(self, layout: Layout, *, sequence: int = 65530, timestamp: int = 2**32 - 400, ssrc: int = 1) -> None:
        self.layout = layout
        self.first = (sequence, timestamp)
        self.ssrc = ssrc

    def packet(self, index: int) -> Packet:
        sequence, timestamp = self.first
        return Packet(0, (sequence + index) % 2**16, (timestamp + index * FRAME) % 2**32, self.ssrc, b"")

    def put(self, index: int, arrival: int, *, silent: bool = False) -> Place | None:
        return self.layout.place(self.packet(index), arrival=arrival, silent=silent)


def positions(places: list[Place | None]) -> list[int | None]:
    return [None if place is None else place.position for place in places]


@given(jitter=st.lists(st.integers(0, LATE), min_size=2, max_size=60), start=st.integers(0, 100_000))
def test_speech_with_jitter_is_laid_without_a_seam(jitter: list[int], start: int) -> None:
    """Counters wrap in mid-stream."""
    stream = Stream(Layout())
    jitter[0] = 0
    placed = positions([stream.put(i, start + i * FRAME + j) for i, j in enumerate(jitter)])
    assert placed == [start + i * FRAME for i in range(len(jitter))]
    assert stream.layout.reception.late == 0
    assert stream.layout.reception.lost == 0


@given(jitter=st.lists(st.integers(-24, 24), min_size=30, max_size=60), delay=st.integers(0, 400))
def test_onset_after_silence_lies_within_5_ms_of_its_arrival(jitter: list[int], delay: int) -> None:
    """Silence arrives with 3 ms of jitter either way, whatever the delay of the first packet was."""
    stream = Stream(Layout())
    stream.put(0, 1000 + delay, silent=True)
    for index, shift in enumerate(jitter, 1):
        stream.put(index, 1000 + index * FRAME + shift, silent=True)
    onset = len(jitter) + 1
    place = stream.put(onset, 1000 + onset * FRAME)
    assert place is not None
    assert abs(place.position - (1000 + onset * FRAME)) <= 40


def test_packets_that_stay_away_leave_a_hole_as_long_as_the_stall() -> None:
    stream = Stream(Layout())
    placed = [stream.put(0, 0), stream.put(1, 160), stream.put(2, 320 + 500), stream.put(3, 480 + 500)]
    assert positions(placed) == [0, 160, 820, 980]
    assert stream.layout.reception.late == 1


def test_the_surplus_of_a_burst_is_dropped_in_the_next_silence() -> None:
    stream = Stream(Layout())
    stream.put(0, 0)
    stall = 800
    burst = [stream.put(i, 160 + stall) for i in range(1, 6)]
    assert positions(burst) == [960, 1120, 1280, 1440, 1600]
    speech = stream.put(6, 1000)
    assert speech is not None
    assert speech.position == 1760  # in mid-word nothing may be dropped
    silent = [stream.put(i, i * FRAME + 40, silent=True) for i in range(7, 13)]
    assert [(place.position, place.skip) for place in silent if place] == [
        (1320, 160),  # wholly before the end of the speech: nothing of it is kept
        (1480, 160),
        (1640, 160),
        (1800, 160),
        (1920, 120),
        (1960, 0),
    ]
    onset = stream.put(13, 13 * FRAME + 40)
    assert onset is not None
    assert abs(onset.position - (13 * FRAME + 40)) <= 2


def test_speech_never_overwrites_what_was_laid() -> None:
    stream = Stream(Layout())
    stream.put(0, 0)
    stream.put(1, 1000)
    stream.put(2, 400, silent=True)
    place = stream.put(3, 500)
    assert place == Place(1160)


def test_loss_reordering_and_repetition_are_counted() -> None:
    stream = Stream(Layout())
    placed = [stream.put(0, 0), stream.put(3, 480), stream.put(1, 490), stream.put(1, 500), stream.put(4, 640)]
    assert positions(placed) == [0, 480, 160, None, 640]
    reception = stream.layout.reception
    assert (reception.lost, reception.reordered, reception.repeated, reception.packets) == (1, 1, 1, 5)


def test_key_presses_use_numbers_up_but_are_not_lost() -> None:
    stream = Stream(Layout())
    stream.put(0, 0)
    for index in (1, 2, 3):
        stream.layout.note(stream.packet(index))
    stream.put(4, 640)
    assert stream.layout.reception.lost == 0
    stream.layout.note(stream.packet(6))
    assert stream.layout.reception.lost == 1


def test_a_new_stream_starts_where_it_arrives() -> None:
    layout = Layout()
    first, second = Stream(layout), Stream(layout, sequence=7, timestamp=99, ssrc=2)
    first.put(0, 1000)
    assert second.put(0, 5000) == Place(5000)
    assert second.put(1, 5160) == Place(5160)
    assert layout.reception.lost == 0


def test_a_leap_of_the_timestamps_starts_a_new_line() -> None:
    layout = Layout()
    Stream(layout, sequence=1, timestamp=0).put(0, 1000)
    leapt = Stream(layout, sequence=2, timestamp=1_000_000)
    assert leapt.put(0, 1160) == Place(1160)
    assert leapt.put(1, 1320) == Place(1320)
