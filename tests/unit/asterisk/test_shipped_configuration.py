"""What the shipped configuration must never allow, read from the templates as an operator gets them."""

from __future__ import annotations

import re

from agent.asterisk.render import modules
from agent.resources import shipped

FOLDER = shipped("asterisk-config")


def lines(name: str) -> list[str]:
    return [line.strip() for line in (FOLDER / name).read_text().splitlines() if line.strip() and line[0] != ";"]


def everything() -> str:
    return "\n".join(line for path in sorted(FOLDER.glob("*.conf")) for line in lines(path.name))


def test_the_dialplan_holds_the_agent_and_its_apology_and_nothing_else() -> None:
    steps = [re.sub(r"^(exten => [^,]+,1|same => n),", "", line) for line in lines("extensions.conf") if "=>" in line]
    assert set(steps) == {
        "Stasis(@APP@)",
        "Goto(phone-agent-after,${STASISSTATUS},1)",
        "Hangup()",
        "Answer()",
        "Playback(im-sorry&please-try-call-later)",
    }


def test_callers_reach_digits_only_as_in_e164() -> None:
    text = "\n".join(lines("extensions.conf"))
    context = text.split("[phone-agent]\n")[1].split("\n[")[0]
    patterns = re.findall(r"^exten => (.+?),", context, re.M)
    assert patterns == [f"_{plus}{'X' * digits}" for plus in ("", "+") for digits in range(1, 16)]
    assert "EXTEN" not in text


def test_rehearsal_callers_are_in_no_file_of_an_operator() -> None:
    assert "rehearsal" not in everything()
    assert not list((FOLDER / "pjsip.d").glob("*.conf"))
    assert "match = 127.0.0.1/32" in lines("rehearsal/callers.conf")


def test_strangers_are_not_known() -> None:
    text = everything()
    assert "anonymous" not in text
    assert "endpoint_identifier_order = username,ip" in text
    assert "unidentified_request_count = 5" in text


def test_no_dangerous_function_module_or_ami_right() -> None:
    assert "live_dangerously = no" in lines("asterisk.conf")
    assert lines("modules.conf")[:2] == ["[modules]", "autoload = no"]
    dangerous = {
        "app_system.so",
        "app_originate.so",
        "func_shell.so",
        "func_env.so",
        "res_agi.so",
        "res_curl.so",
        "pbx_spool.so",
    }
    assert not dangerous & set(modules(FOLDER))
    rights = {
        right
        for line in lines("manager.conf")
        if (m := re.match(r"(?:read|write) = (.+)", line))
        for right in m[1].split(",")
    }
    assert rights == {"system", "reporting"}


def test_the_security_log_is_written_and_sound_is_strict() -> None:
    assert "security.log => security" in lines("logger.conf")
    assert "strictrtp = yes" in lines("rtp.conf")


def test_the_readme_names_every_variable() -> None:
    templates = FOLDER.rglob("*.conf")
    used = {name for path in templates for name in re.findall(r"@([A-Z_]+)@", path.read_text())}
    named = set(re.findall(r"`@([A-Z_]+)@`", (FOLDER / "README.md").read_text()))
    assert named == used
