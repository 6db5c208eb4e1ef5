from __future__ import annotations

from agent.dialog.silence import SilenceAction, SilenceWatch
from agent.domain.agent import Limits


def test_asks_so_often_then_ends() -> None:
    watch = SilenceWatch(Limits(silence_prompt_s=5, silence_prompts=1))
    watch.quiet(10)
    assert (watch.due_at(), watch.act(14.9), watch.act(15)) == (15, None, SilenceAction.ASK)
    assert watch.due_at() is None
    watch.quiet(20)
    assert watch.act(25) is SilenceAction.END


def test_sound_ends_the_silence_and_words_forgive_it() -> None:
    watch = SilenceWatch(Limits(silence_prompt_s=5, silence_prompts=1))
    watch.quiet(0)
    watch.quiet(3)
    assert watch.act(5) is SilenceAction.ASK
    watch.quiet(6)
    watch.sound(7)
    assert watch.act(11) is None
    watch.words()
    watch.quiet(100)
    assert watch.act(105) is SilenceAction.ASK


def test_sound_without_words_puts_the_question_off_but_not_for_ever() -> None:
    watch = SilenceWatch(Limits(silence_prompt_s=5, silence_prompts=1))
    for second in range(20):
        watch.sound(second)
    assert watch.due_at() == 10
    assert watch.act(10) is SilenceAction.ASK


def test_saying_that_nothing_was_understood_counts_as_asking() -> None:
    watch = SilenceWatch(Limits(silence_prompt_s=5, silence_prompts=2))
    assert [watch.may_ask_again() for _ in range(4)] == [True, True, False, False]
    watch.quiet(0)
    assert watch.act(5) is SilenceAction.END
    watch.words()
    assert watch.may_ask_again()
