"""Stands in for `phone-agent scripts rehearse … --by call`: reports at once, or fails, or never ends."""

from __future__ import annotations

import json
import signal
import sys
import wave
from pathlib import Path


def _option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def main() -> None:
    script = json.loads(Path(sys.argv[3]).read_text("utf-8"))
    if script["name"] == "fails":
        sys.exit("The test voice is missing.")
    if script["name"] == "never ends":
        signal.pause()
    folder, callers = Path(_option("--keep")), _option("--callers").split(",")
    conversations = []
    for number, caller in enumerate(callers, 1):
        name = f"{number}-{caller}.wav"
        with wave.open(str(folder / name), "wb") as sound:
            sound.setparams((2, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(32))
        told: dict[str, object] = {
            "exit": None,
            "outcome": None,
            "success": None,
            "slots": {},
            "states": [],
            "turns": [],
        }
        conversations.append({"caller": caller, "recording": name, **told})
    coverage = {"states": [], "exits": [], "slots": [], "share": 1.0}
    report = {"coverage": coverage, "conversations": conversations}
    Path(_option("--json")).write_text(json.dumps(report), encoding="utf-8")
    sys.exit(1 if "--agent" in sys.argv else 0)


if __name__ == "__main__":
    main()
