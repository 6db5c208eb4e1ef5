from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.domain.agent import Agent
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.scenario_file import ScenarioError, load_scenario, load_scenarios, scenario_schema
from agent.testing.softphone import LineCondition

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "scenarios"


def _write(folder: Path, text: str) -> Path:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(_write(folder, text))
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_every_key_is_read() -> None:
    scenario = load_scenario(FIXTURES / "everything.yaml")
    assert isinstance(scenario.agent, Agent)
    assert scenario.agent.limits.silence_prompt_s == 4
    assert [step.name for step in scenario.caller] == [
        "wait_for_agent",
        "say",
        "wait_for_agent",
        "interrupt",
        "silence",
        "say",
        "backchannel",
        "dtmf",
        "say",
        "say",
        "say",
        "stop_sending",
        "connect",
        "wait_for_end",
        "hang_up",
    ]
    assert scenario.background is not None
    assert scenario.background.wav == FIXTURES / "tone.wav"
    assert scenario.line is not None
    assert scenario.line.condition == LineCondition(loss_percent=5, jitter_ms=60, gain_db=-20, clip_dbfs=-10, seed=3)
    assert scenario.expect[1].agent_says_any == ("nine", "9")


def test_turns_are_counted_by_what_the_caller_says_for_its_own_sake() -> None:
    scenario = load_scenario(FIXTURES / "everything.yaml")
    assert [turn for turn, _ in scenario.numbered_steps()] == [0, 1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4]
    assert scenario.turns == 4


def test_an_utterance_is_found_whichever_key_says_it() -> None:
    said = [u for step in load_scenario(FIXTURES / "everything.yaml").caller if (u := step.utterance)]
    assert [u.text or u.sound or (u.wav and u.wav.name) for u in said] == [
        "What are your opening hours on Saturday?",
        "Sorry, one more thing.",
        "Where can I park?",
        "mm-hm",
        "tone.wav",
        "tone.wav",
        "talk",
    ]


def test_defaults_suffice(tmp_path: Path) -> None:
    scenario = load_scenario(_write(tmp_path, 'name: short\ncaller:\n  - wait_for_agent:\n  - say: "Hello"\n'))
    assert scenario.to == "1000"
    assert scenario.agent is None
    assert scenario.caller[0].wait_for_agent is not None
    assert scenario.caller[0].wait_for_agent.quiet_ms == 700


HEAD = "name: a\ncaller:\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a.yaml:1: a scenario is a mapping with the keys name, caller and expect."),
        ("- 1", "a.yaml:1: a scenario is a mapping with the keys name, caller and expect."),
        ("name: [", "a.yaml:1: this is not YAML: "),
        ("name: a\x07", "a.yaml:1: this is not YAML: "),
        ("caller:\n  - hang_up: {}\n", "a.yaml:1: the key name is missing."),
        ("name: a\nname: b\ncaller: []", "a.yaml:2: name stands here a second time."),
        (HEAD + "  - hangup: {}\n", "a.yaml:3: caller[1].hangup is not a known key (did you mean hang_up)."),
        (HEAD + "  - hang_up: {}\nexpects: []", "a.yaml:4: expects is not a known key (did you mean expect)."),
        (HEAD + "  - hang_up: {}\nqqq: []", "a.yaml:4: qqq is not a known key (known are name, "),
        (HEAD + "  - wait_for_agent:\n      quietms: 3\n", "a.yaml:4: caller[1].wait_for_agent.quietms is not a known"),
        ("name: a\ncaller: []\n", "a.yaml:2: caller: needs at least one entry."),
        (HEAD + "  - silence: {ms: -1}\n", "a.yaml:3: caller[1].silence.ms: input should be greater than 0."),
        (HEAD + "  - silence: {}\n", "a.yaml:3: caller[1].silence: the key ms is missing."),
        (HEAD + "  - {say: a, hang_up: {}}\n", "a.yaml:3: caller[1]: a step is a mapping with exactly one key."),
        (HEAD + "  - say: {}\n", "a.yaml:3: caller[1].say: needs either text, wav or sound."),
        (HEAD + "  - say: {sound: bable}\n", "a.yaml:3: caller[1].say.sound: input should be 'talk', 'babble'"),
        (HEAD + "  - say: a\nline: {loss: 5}\n", "a.yaml:4: line.loss is not a known key (did you mean loss_percent)."),
        (HEAD + "  - say: a\nbackground: {snr_db: 5}\n", "a.yaml:4: background: needs either wav or sound."),
        (
            HEAD + "  - say: a\nexpect:\n  - {other: {max_seconds: 5}}\n",
            "a.yaml:5: expect[1].other: there is no connect",
        ),
        (HEAD + "  - interrupt: {say: a, wav: b}\n", "a.yaml:3: caller[1].interrupt"),
        (HEAD + "  - wav: none.wav\n", "a.yaml:3: caller[1].wav: there is no file "),
        (HEAD + "  - dtmf: 12\n", "a.yaml:3: caller[1].dtmf: input should be a valid string."),
        (HEAD + "  - hang_up: {}\n  - say: a\n", "a.yaml:4: caller[2]: nothing can follow hang_up."),
        (HEAD + "  - say: {text: a, same_turn: true}\n", "a.yaml:3: caller[1]: there is no turn yet"),
        (
            "name: a\nto: 1000\ncaller:\n  - hang_up: {}\n",
            "a.yaml:2: to: input should be a valid string; put the number in quotes.",
        ),
        (
            HEAD + "  - say: a\nexpect:\n  - {turn: 1, within_ms: 9}\n  - {turn: 2, within_ms: 9}\n",
            "a.yaml:6: expect[2].turn: the caller takes 1 turns, so turn 2 cannot be expected.",
        ),
        (HEAD + "  - say: a\nexpect:\n  - {turn: 1}\n", "a.yaml:5: expect[1]: nothing is expected of this turn."),
        (HEAD + "  - say: a\nexpect:\n  - {within_ms: 1}\n", "a.yaml:5: expect[1]: needs either turn, call or other."),
        (
            HEAD + "  - say: a\nexpect:\n  - {turn: 1, max_wer: 0.1}\n",
            "a.yaml:5: expect[1]: max_wer needs caller_heard",
        ),
        (HEAD + "  - say: a\nexpect:\n  - {call: {}}\n", "a.yaml:5: expect[1].call: nothing is expected here"),
        (
            HEAD + "  - say: a\nexpect:\n  - call: {status: done}\n",
            "a.yaml:5: expect[1].call.status: input should be 'queued', ",
        ),
        (HEAD + "  - say: a\nagent: {name: b}\n", "a.yaml:4: agent: the key greeting is missing."),
        (HEAD + "  - say: a\nagent:\n  nam: b\n", "a.yaml:5: agent.nam is not a known key."),
        (HEAD + "  - say: &a [*a]\n", "a.yaml:3: caller[1].say"),
    ],
)
def test_a_fault_is_one_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    problems = _problems(tmp_path, text)
    assert any(problem.startswith(sentence) for problem in problems), problems
    assert all(problem.endswith(".") and "\n" not in problem for problem in problems)


def test_a_faulty_step_is_not_also_called_a_missing_one(tmp_path: Path) -> None:
    assert len(_problems(tmp_path, HEAD + "  - hangup: {}\n")) == 1


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "latin.yaml")


def test_folders_are_read_by_name_and_all_faults_are_told_together(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt"):
        (tmp_path / name).write_text(f"name: {name}\ncaller: [{{hang_up: }}]\n")
    assert [scenario.name for _, scenario in load_scenarios([tmp_path])] == ["a.yml", "b.yaml"]
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.yml").write_text("name: a\n")
    (tmp_path / "b.yaml").write_text("nam: a\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenarios([tmp_path, tmp_path / "empty"])
    assert {problem.rsplit("/", 1)[1].split(":")[0] for problem in caught.value.problems} == {
        "a.yml",
        "b.yaml",
        "empty",
    }


def test_the_published_schema_is_the_one_in_force() -> None:
    """To renew it: `phone-agent rehearse --schema > docs/scenario.schema.json`."""
    assert (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8") == scenario_schema()


def test_the_schema_explains_every_key_of_a_step() -> None:
    schema = json.loads(scenario_schema())
    assert schema["$defs"]["Step"]["maxProperties"] == 1
    assert set(schema["$defs"]["Step"]["properties"]) == {
        "wait_for_agent", "say", "wav", "interrupt", "backchannel", "dtmf", "silence", "stop_sending", "connect",
        "wait_for_end", "hang_up",
    }  # fmt: skip
    say = schema["$defs"]["Step"]["properties"]["say"]["anyOf"]
    assert {branch.get("type", branch.get("$ref")) for branch in say} == {"string", "#/$defs/Utterance", "null"}


def test_a_scenario_survives_its_own_json() -> None:
    scenario = load_scenario(FIXTURES / "everything.yaml")
    plain = scenario.model_dump(mode="json", exclude_unset=True)
    assert Scenario.model_validate(plain) == scenario


OUTBOUND = 'name: a\ndirection: outbound\nto: "+493023125001"\nagent: receptionist\n'


def test_a_call_out_is_played_by_its_callee(tmp_path: Path) -> None:
    scenario = load_scenario(_write(tmp_path, OUTBOUND + "callee: [{say: Yes.}, {hang_up: {}}]"))
    assert scenario.outbound
    assert [step.name for step in scenario.steps] == ["say", "hang_up"]
    assert (scenario.turns, scenario.answer.talks, scenario.answer.after_ms) == (1, True, 1000)
    refused = load_scenario(_write(tmp_path, OUTBOUND + "answer: {reject: 486}"))
    assert (refused.steps, refused.answer.talks) == ((), False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (OUTBOUND, "a.yaml:1: the key callee is missing."),
        (OUTBOUND + "caller: [{say: Yes.}]", "a.yaml:5: caller: is no part of a call that is outbound."),
        (OUTBOUND + "callee: []", "a.yaml:5: callee: needs at least one entry."),
        (OUTBOUND + "answer: {reject: 200}", "a.yaml:5: answer.reject: input should be greater than or equal to 300."),
        (OUTBOUND + "answer: {reject: 486, never: true}", "a.yaml:5: answer: needs either reject or never."),
        (
            OUTBOUND.replace("+493023125001", "1000") + "callee: [{say: Yes.}]",
            "a.yaml:3: to: who is called needs a number in E.164.",
        ),
        (
            OUTBOUND.replace("agent: receptionist\n", "") + "callee: [{say: Yes.}]",
            "a.yaml:1: the key agent is missing.",
        ),
        (
            "name: a\ncaller: [{say: Yes.}]\nanswer: {never: true}",
            "a.yaml:3: answer: is no part of a call that is inbound.",
        ),
        (
            "name: a\ncaller: [{say: Yes.}]\ncallee: [{say: Yes.}]",
            "a.yaml:3: callee: is no part of a call that is inbound.",
        ),
    ],
)
def test_keys_of_the_other_direction_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert _problems(tmp_path, text) == [problem]


def test_the_samples_of_calls_out_can_be_used() -> None:
    loaded = load_scenarios([ROOT / "agent" / "samples" / "scenarios" / "outbound"])
    assert [scenario.outbound for _, scenario in loaded] == [True] * 3
