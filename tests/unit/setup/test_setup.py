"""`phone-agent setup`: what each purpose needs."""

from __future__ import annotations

from agent.commands.setup import Purpose, needs_of
from agent.models.choice import LARGE, PLUMBING, SMALL
from agent.settings import LlmSettings, Settings, SttSettings, TtsSettings

MUCH, LITTLE = 16 << 30, 4 << 30
ELSEWHERE = Settings(
    stt=SttSettings(uri="tcp://192.0.2.1:10300"),
    llm=LlmSettings(base_url="http://192.0.2.1/v1", model="big"),
    tts=TtsSettings(uri="tcp://192.0.2.1:10200"),
)


def test_to_run_takes_asterisk_and_what_is_configured() -> None:
    needs = needs_of(Purpose.RUN, Settings(), MUCH)
    assert needs.bundles == ("asterisk",)
    assert set(needs.models) == {"whisper-base", LARGE, "en_US-joe-medium"}
    assert SMALL in needs_of(Purpose.RUN, Settings(), LITTLE).models
    assert needs_of(Purpose.RUN, ELSEWHERE, MUCH).models == ()


def test_the_demo_is_the_same_whatever_is_configured() -> None:
    assert needs_of(Purpose.DEMO, ELSEWHERE, MUCH) == needs_of(Purpose.DEMO, Settings(), MUCH)


def test_tests_take_the_small_mind_and_test_callers_whatever_is_configured() -> None:
    needs = needs_of(Purpose.TEST, ELSEWHERE, MUCH)
    assert needs.bundles == ("asterisk", "sipp", "prompts", "voices")
    assert needs.models == ("whisper-base", SMALL, PLUMBING, "en_US-joe-medium")
