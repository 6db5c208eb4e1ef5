"""Where the files that ship beside the code are: in a checkout, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

from agent.errors import SetupError

PACKAGE = Path(__file__).resolve().parent


def shipped(relative: str) -> Path:
    """The path of a shipped file or folder, such as `asterisk-config` or `models/manifest.toml`.

    Raises SetupError if the installation is incomplete.
    """
    for base in (PACKAGE.parent, PACKAGE / "data"):
        if (base / relative).exists():
            return base / relative
    raise SetupError(f"{relative} is missing from this installation of phone-agent; install it again.")
