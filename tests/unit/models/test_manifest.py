from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.errors import ConfigurationError, ModelError
from agent.models.manifest import load_manifest

SHA = "0" * 64
GOOD = """
format = 1

[[model]]
name = "tiny"
kind = "llm"
summary = "A model."
licence = "MIT"
languages = ["en"]
serve = "tiny.gguf"
files = [{ name = "tiny.gguf", size = 4, sha256 = "SHA" }]

[[model.sources]]
kind = "packages"
packages = [
  { package = "tiny-1", version = "1.0", sha256 = "SHA", take = [{ path = "tiny/a", append_to = "tiny.gguf" }] },
]

[[model.sources]]
kind = "hub"
repository = "me/tiny"
revision = "main"
""".replace("SHA", SHA)


def written(folder: Path, text: str) -> Path:
    path = folder / "manifest.toml"
    path.write_text(text)
    return path


def test_the_manifest_that_ships_is_whole() -> None:
    manifest = load_manifest()
    assert {"whisper-base", "whisper-tiny.en", "smollm2-135m", "en_US-joe-medium"} < set(manifest.names)
    for model in manifest.model:
        kinds = [source.kind for source in model.sources]
        assert kinds[0] == "packages", "packages are reached where hubs are not"
        assert kinds[-1] == "hub"
        assert model.size > 60_000_000


def test_no_host_is_named() -> None:
    from agent.resources import shipped

    text = shipped("models/manifest.toml").read_text()
    assert not re.search(r"https?://|\b[\w-]+\.(org|com|co|io|net)\b", text)


def test_an_entry_is_read(tmp_path: Path) -> None:
    model = load_manifest(written(tmp_path, GOOD)).get("tiny")
    assert [source.label for source in model.sources] == ["package tiny-1 1.0", "hub me/tiny at main"]
    assert model.variants == (model.files,)


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'big'; there is tiny\.") as caught:
        load_manifest(written(tmp_path, GOOD)).get("big")
    assert caught.value.code == "model_unknown"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "llm"', 'kind = "cat"', "model tiny, kind"),
        ('licence = "MIT"', "", "model tiny, licence: Field required"),
        ('licence = "MIT"', 'licence = "MIT"\nprice = 3', "model tiny, price: Extra inputs"),
        ("size = 4", "size = 0", "model tiny, files, 0, size"),
        ('sha256 = "' + "0" * 64 + '" }]\n\n', 'sha256 = "beef" }]\n\n', "model tiny, files, 0, sha256"),
        ('serve = "tiny.gguf"', 'serve = "big.gguf"', "'big.gguf' is not one of its files"),
        ('append_to = "tiny.gguf"', 'append_to = "else.gguf"', r"writes \['else.gguf'\] where \['tiny.gguf'\]"),
        ('append_to = "tiny.gguf"', 'append_to = "../evil"', "append_to"),
        ('path = "tiny/a"', 'path = "/etc/passwd"', "plain path inside"),
        ('path = "tiny/a"', 'path = "a/../../b"', "plain path inside"),
        ('package = "tiny-1"', 'package = "--index-url=x"', "package"),
        ('version = "1.0"', 'version = "1.0 --hash"', "version"),
        ('name = "tiny"', 'name = "../tiny"', "model ../tiny, name"),
        ('name = "tiny"', "", "model number 1, name: Field required"),
        ('revision = "main"', 'revision = "main"\npaths = { "x" = "y" }', "files that the model does not have"),
        ('kind = "hub"', 'kind = "ftp"', "model tiny, sources, 1"),
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = ", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_the_entrys_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_manifest(path)
    assert str(path) in str(caught.value)


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="tiny is there twice"):
        load_manifest(written(tmp_path, GOOD + GOOD.replace("format = 1", "")))


def test_a_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_manifest(tmp_path / "none.toml")
