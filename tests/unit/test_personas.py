from __future__ import annotations

from pathlib import Path

import pytest

from agent import personas
from agent.errors import ConfigurationError

GOOD = 'greeting = "Hello."\ninstructions = "Be brief."\n'


def test_the_samples_ship_with_the_package() -> None:
    assert "receptionist" in personas.load_agents(None)


def test_agents_are_read_from_toml_and_yaml_and_named_by_their_files(tmp_path: Path) -> None:
    (tmp_path / "anna.toml").write_text(GOOD + "[limits]\nmax_duration_s = 60\n")
    (tmp_path / "ben.yaml").write_text("greeting: Hello.\ninstructions: Be brief.\nfacts: [We are open.]\n")
    (tmp_path / "notes.txt").write_text("not an agent")
    agents = personas.load_agents(tmp_path)
    assert set(agents) == {"anna", "ben"}
    assert agents["anna"].limits.max_duration_s == 60
    assert agents["ben"].facts == ("We are open.",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD + 'greting = "x"', "greting is no key of an agent; did you mean greeting?"),
        (GOOD + "[limits]\nmax_duration = 3", "did you mean max_duration_s?"),
        ('greeting = "Hello."', "instructions: Field required."),
        (GOOD + 'language = "English"', "language:"),
        ("greeting = ", "cannot be read"),
        (GOOD + 'name = "../x"', "name:"),
    ],
)
def test_what_is_wrong_with_an_agent_is_said_with_its_file(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "anna.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"anna\.toml") as error:
        personas.load_agents(tmp_path)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_number_must_lead_to_an_agent(tmp_path: Path) -> None:
    (tmp_path / "anna.toml").write_text(GOOD)
    with pytest.raises(ConfigurationError, match="known: anna"):
        personas.check_numbers({"1000": "ana"}, personas.load_agents(tmp_path))


@pytest.mark.parametrize(("trunks", "known"), [((), "there is none"), (("first", "office"), "known: first, office")])
def test_whom_callers_are_handed_over_to_needs_a_line(tmp_path: Path, trunks: tuple[str, ...], known: str) -> None:
    destination = '[[call_control.destinations]]\nname = "sales"\ndescription = "x"\nextension = "204"\ntrunk = "pbx"'
    (tmp_path / "anna.toml").write_text(f"{GOOD}\n{destination}")
    agents = personas.load_agents(tmp_path)
    personas.check_trunks(("pbx",), agents)
    with pytest.raises(ConfigurationError, match="anna hands callers over to sales over the line pbx") as error:
        personas.check_trunks(trunks, agents)
    assert known in str(error.value)


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no agent"):
        personas.load_agents(tmp_path)
    with pytest.raises(ConfigurationError, match="is no folder"):
        personas.load_agents(tmp_path / "none")
