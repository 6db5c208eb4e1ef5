from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agent import configuration
from agent.errors import ConfigurationError
from agent.resources import PACKAGE
from agent.settings import Settings


def write(folder: Path, text: str) -> Path:
    path = folder / "phone-agent.toml"
    path.write_text(text)
    return path


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[stt]\nthreads = 3\nmodel = "a"\n[agents]\nnumbers = { "1" = "x" }')
    environ = {"PHONE_AGENT_STT__THREADS": "4", "PHONE_AGENT_AGENTS__NUMBERS": '{"2": "y"}', "HOME": "/"}
    settings = configuration.load(path, environ)
    assert (settings.stt.threads, settings.stt.model, settings.agents.numbers) == (4, "a", {"2": "y"})


@pytest.mark.parametrize(
    ("text", "environ", "sentence"),
    [
        ("[stt]\ntreads = 3", {}, "there is no key stt.treads; did you mean stt.threads?"),
        ("[sst]\nthreads = 3", {}, "there is no key sst; did you mean stt?"),
        ("[stt]\nthreads = 0", {}, "stt.threads: Input should be greater than or equal to 1."),
        ("stt = 3", {"PHONE_AGENT_STT__THREADS": "4"}, "stt must be a table."),
        ("[stt", {}, "cannot be read"),
        ("", {"PHONE_AGENT_TTS__VOCE": "x"}, "did you mean tts.voice?"),
        ("[asterisk]\nari_url = 'http://host/path'", {}, "asterisk.ari_url"),
        ('[llm]\napi_key = "a"\napi_key_file = "b"', {}, "llm: set api_key or api_key_file, not both."),
        ('[llm]\napi_key_file = "not-there"', {}, "llm.api_key_file:"),
        ('[bus]\nevents = ["call.done"]', {}, "bus.events: Value error, call.done is no type of event; docs/api.md"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, text: str, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        configuration.load(write(tmp_path, text), environ)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_secret_may_stand_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    path = write(tmp_path, '[asterisk]\nari_password_file = "password"')
    settings = configuration.load(path, {})
    assert settings.asterisk.ari_password.get_secret_value() == "s3cret"
    assert "s3cret" not in configuration.to_toml(settings)
    assert "s3cret" not in repr(settings)


def test_shown_settings_can_be_read_again() -> None:
    settings = Settings()
    assert Settings.model_validate(tomllib.loads(configuration.to_toml(settings))) == settings


def test_the_shipped_default_file_has_every_key_with_its_default() -> None:
    text = (PACKAGE / "samples" / "phone-agent.toml").read_text()
    assert text == configuration.default_file(), "run `phone-agent config default > agent/samples/phone-agent.toml`"
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line and line.startswith("# ") and line[2].islower() else line
        for line in text.splitlines()
        if not line.startswith("# ") or line.split(" ")[2:3] == ["="]
    )
    assert Settings.model_validate(tomllib.loads(uncommented)) == Settings()
    assert all(f"# {key} = " in text for section in dict(Settings()).values() for key in dict(section))
