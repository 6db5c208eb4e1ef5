from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.turn_taking import (
    HARDEST_YIELD_MS,
    AgentVoice,
    Decision,
    GoOn,
    Interrupted,
    NoiseOver,
    Paused,
    Probe,
    Resumed,
    SpeechBegan,
    TurnOver,
    TurnTaking,
    Yield,
)
from agent.settings import TurnSettings

POLICY = TurnSettings(
    pause_ms=96,
    yield_probability=0.5,
    longest_wait_ms=2560,
    min_speech_ms=64,
    yield_speech_ms=64,
    yield_limit_ms=1600,
    probe_ms=9000,
    max_turn_s=10,
)
WINDOW = 32
SILENT, TALKING = AgentVoice(), AgentVoice(talks=True)
PROTECTED = AgentVoice(talks=True, protected=True)


@dataclass
class Judge:
    wait: int = 512
    wants: bool = True
    pauses: list[int] = field(default_factory=list)
    turns: int = 0

    def wait_ms(self, words: str, finality: float | None) -> int:
        del finality
        return self.wait if words else 960

    def takes_the_turn(self, words: str, speech_ms: int) -> bool:
        return self.wants

    def went_on(self, paused_ms: int) -> None:
        self.pauses.append(paused_ms)

    def turn_over(self) -> None:
        self.turns += 1


class Call:
    """A call whose recogniser needs `ears_ms` and understands `text` in whatever it is given."""

    def __init__(self, judge: Judge | None = None, *, text: str | None = "words", ears_ms: int = 192) -> None:
        self.judge = judge or Judge()
        self.turns = TurnTaking(POLICY, self.judge)
        self.text = text
        self.ears_ms = ears_ms
        self.at = 0
        self.decisions: list[Decision] = []
        self._drafts: list[tuple[int, int]] = []

    def play(self, *parts: tuple[float, int], agent: AgentVoice = SILENT) -> list[Decision]:
        """Parts are (probability, milliseconds); gives what was decided in them."""
        before = len(self.decisions)
        for probability, milliseconds in parts:
            for _ in range(milliseconds // WINDOW):
                self.at += WINDOW
                self._take(self.turns.hear(probability, self.at, WINDOW, agent))
                while self.text is not None and self._drafts and self._drafts[0][0] <= self.at:
                    _, ended = self._drafts.pop(0)
                    self._take(self.turns.words(self.text, ended, self.at))
        return self.decisions[before:]

    def _take(self, decisions: list[Decision]) -> None:
        self.decisions += decisions
        for decision in decisions:
            match decision:
                case Paused(ended) | Probe(ended):
                    self._drafts.append((self.at + self.ears_ms, ended))
                case Resumed():
                    self._drafts.clear()


def kinds(decisions: list[Decision]) -> list[str]:
    return [type(decision).__name__ for decision in decisions]


def test_a_turn_is_over_after_the_silence_that_its_words_want_counted_from_the_last_speech() -> None:
    assert Call().play((0, 320), (0.9, 960), (0, 960)) == [
        SpeechBegan(320),
        Paused(ended_ms=1280),
        TurnOver(started_ms=320, ended_ms=1280, speech_ms=960),
    ]


@pytest.mark.parametrize("wait", [512, 960, 1600])
def test_the_words_decide_how_long_the_silence_must_be(wait: int) -> None:
    call = Call(Judge(wait=wait))
    call.play((0.9, 960), (0, wait - 64))
    assert kinds(call.decisions)[-1] == "Paused"
    assert kinds(call.play((0, 96)))[-1] == "TurnOver"


def test_words_that_come_late_end_the_turn_at_once() -> None:
    call = Call(ears_ms=1600)
    call.play((0.9, 960), (0, 1664))
    assert kinds(call.decisions) == ["SpeechBegan", "Paused"]
    assert kinds(call.play((0, 64))) == ["TurnOver"]


def test_without_words_there_is_an_upper_bound() -> None:
    call = Call(text=None)
    call.play((0.9, 960), (0, 2528))
    assert kinds(call.decisions) == ["SpeechBegan", "Paused"]
    assert kinds(call.play((0, 64))) == ["TurnOver"]


def test_a_judge_who_wants_to_wait_for_ever_does_not_get_it() -> None:
    call = Call(Judge(wait=60_000))
    call.play((0.9, 960), (0, 2560))
    assert kinds(call.decisions)[-1] == "TurnOver"


def test_speech_takes_the_end_back_and_teaches_the_judge_this_callers_pauses() -> None:
    call = Call()
    decisions = call.play((0.9, 320), (0, 480), (0.9, 320), (0, 640))
    assert kinds(decisions) == ["SpeechBegan", "Paused", "Resumed", "Paused", "TurnOver"]
    assert call.judge.pauses == [480]
    assert call.judge.turns == 1


def test_a_click_is_a_noise_and_not_worth_a_transcription() -> None:
    assert kinds(Call().play((0.9, 32), (0, 640))) == ["SpeechBegan", "NoiseOver"]


def test_a_short_yes_is_a_turn() -> None:
    assert kinds(Call().play((0.9, 64), (0, 640))) == ["SpeechBegan", "Paused", "TurnOver"]


def test_a_probability_that_hovers_about_the_threshold_does_not_tear_a_word_apart() -> None:
    assert Call().play((0.6, 32), (0.4, 320), (0, 640))[-1] == TurnOver(0, 352, 352)


def test_the_agent_yields_at_once_and_words_commit_the_interruption() -> None:
    decisions = Call().play((0.9, 576), (0, 320), agent=TALKING)
    assert decisions[:2] == [SpeechBegan(0), Yield(64)]
    assert kinds(decisions) == ["SpeechBegan", "Yield", "Paused", "Interrupted"]


def test_an_interrupting_turn_then_ends_like_any_other() -> None:
    call = Call()
    call.play((0.9, 640), (0, 320), agent=TALKING)
    assert kinds(call.play((0, 320))) == ["TurnOver"]


def test_long_speech_over_the_agent_interrupts_before_it_pauses() -> None:
    assert kinds(Call().play((0.9, 1280), agent=TALKING)) == ["SpeechBegan", "Yield", "Probe", "Interrupted"]


@pytest.mark.parametrize(("text", "wants"), [("", True), ("Mm-hmm.", False)])
def test_what_is_no_interruption_is_taken_back_as_soon_as_that_is_known(text: str, wants: bool) -> None:
    decisions = Call(Judge(wants=wants), text=text).play((0.9, 320), (0, 320), agent=TALKING)
    assert kinds(decisions) == ["SpeechBegan", "Yield", "Paused", "GoOn", "NoiseOver"]


def test_a_click_over_the_agent_does_not_even_make_it_yield() -> None:
    assert kinds(Call().play((0.9, 32), (0, 320), agent=TALKING)) == ["SpeechBegan", "NoiseOver"]


def test_a_noise_that_lasts_is_spoken_over_after_the_limit_and_words_still_interrupt() -> None:
    call = Call(text="")
    decisions = call.play((0.9, 2560), agent=TALKING)
    assert [d for d in decisions if isinstance(d, Yield | GoOn)] == [Yield(64), GoOn(64 + POLICY.yield_limit_ms)]
    call.text = "Stop it."
    assert kinds(call.play((0, 320), agent=TALKING)) == ["Paused", "Interrupted"]


def test_ears_that_do_not_answer_leave_the_agent_silent_no_longer_than_the_limit() -> None:
    decisions = Call(text=None).play((0.9, 320), (0, 1600), agent=TALKING)
    assert kinds(decisions) == ["SpeechBegan", "Yield", "Paused", "GoOn"]


def test_ears_that_are_late_do_not_make_the_agent_speak_over_a_caller_who_says_more_than_a_word() -> None:
    call = Call(text=None)
    assert kinds(call.play((0.9, 960), (0, 1600), agent=TALKING)) == ["SpeechBegan", "Yield", "Probe", "Paused"]
    assert kinds(call.play((0, 800), agent=TALKING)) == ["GoOn"]


def test_an_agent_that_comes_to_its_end_just_then_leaves_the_turn_to_the_caller() -> None:
    call = Call(Judge(wants=False), text="Yes.")
    call.play((0.9, 96), agent=TALKING)
    assert kinds(call.play((0.9, 96), (0, 640))) == ["GoOn", "Paused", "TurnOver"]


def test_a_soft_onset_makes_the_agent_yield_but_begins_no_turn_while_it_is_silent() -> None:
    soft = TurnTaking(POLICY.model_copy(update={"yield_probability": 0.2, "yield_speech_ms": 32}), Judge())
    assert kinds(soft.hear(0.3, WINDOW, WINDOW, SILENT)) == []
    assert kinds(soft.hear(0.3, 2 * WINDOW, WINDOW, TALKING)) == ["SpeechBegan", "Yield"]
    assert [kinds(soft.hear(0.1, at * WINDOW, WINDOW, TALKING)) for at in (3, 4, 5)] == [[], [], ["GoOn", "NoiseOver"]]


def test_false_alarms_make_the_agent_harder_to_stop_and_a_true_one_easier_again() -> None:
    call = Call(text="")
    for _ in range(12):
        call.play((0.9, 320), (0, 640), agent=TALKING)
    yields = [decision.at_ms for decision in call.decisions if isinstance(decision, Yield)]
    began = [decision.at_ms for decision in call.decisions if isinstance(decision, SpeechBegan)]
    needed = [at - start for at, start in zip(yields, began, strict=True)]
    assert needed == sorted(needed)
    assert (needed[0], needed[-1]) == (64, HARDEST_YIELD_MS)
    call.text = "Stop."
    call.play((0.9, 640), (0, 960), agent=TALKING)
    call.text = ""
    start = call.at
    assert Yield(start + 64) in call.play((0.9, 320), (0, 640), agent=TALKING)


def test_protected_speech_is_not_stopped_and_the_caller_is_heard_all_the_same() -> None:
    assert kinds(Call().play((0.9, 640), (0, 960), agent=PROTECTED)) == ["SpeechBegan", "Paused", "TurnOver"]


def test_a_backchannel_under_protected_speech_is_no_turn() -> None:
    decisions = Call(Judge(wants=False)).play((0.9, 320), (0, 640), agent=PROTECTED)
    assert kinds(decisions) == ["SpeechBegan", "Paused", "NoiseOver"]


def test_the_same_word_is_a_turn_where_the_agent_is_silent() -> None:
    assert kinds(Call(Judge(wants=False)).play((0.9, 320), (0, 640))) == ["SpeechBegan", "Paused", "TurnOver"]


def test_endless_speech_is_closed_and_what_follows_without_a_pause_does_not_hold_the_agent_back() -> None:
    call = Call(text="and so on")
    call.play((0.9, 10_048))
    assert kinds(call.decisions) == ["SpeechBegan", "Probe", "TurnOver", "SpeechBegan"]
    assert call.decisions[-1] == SpeechBegan(10_016, run_on=True)
    assert "Yield" not in kinds(call.play((0.9, 3200), agent=TALKING))
    call.play((0, 640))
    assert "Yield" in kinds(call.play((0.9, 640), agent=TALKING))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([SILENT, TALKING, PROTECTED])), max_size=600),
    st.sampled_from(["words", "", None]),
    st.booleans(),
)
def test_every_beginning_has_one_end_and_every_yield_is_resolved(
    windows: list[tuple[float, AgentVoice]], text: str | None, wants: bool
) -> None:
    call = Call(Judge(wants=wants), text=text)
    open_turn = yielded = False
    for probability, agent in [*windows, *[(0.0, SILENT)] * 100]:
        for decision in call.play((probability, WINDOW), agent=agent):
            match decision:
                case SpeechBegan():
                    assert not open_turn
                    open_turn = True
                case TurnOver(started_ms, ended_ms, speech_ms):
                    assert open_turn
                    assert started_ms < ended_ms <= call.at
                    assert POLICY.min_speech_ms <= speech_ms <= ended_ms - started_ms
                    open_turn = yielded = False
                case NoiseOver():
                    assert open_turn
                    assert not yielded
                    open_turn = False
                case Yield():
                    assert open_turn
                    assert not yielded
                    yielded = True
                case GoOn() | Interrupted():
                    yielded = False
                case Paused() | Resumed() | Probe():
                    assert open_turn
    assert not open_turn
