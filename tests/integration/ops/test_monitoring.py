"""The files for Grafana, Prometheus and systemd: each is what those programs take, and names what there is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from agent.ops import monitoring, systemd_unit
from agent.resources import shipped
from agent.settings import DrainSettings, Settings, StoreSettings

PREFIX = "phone_agent_"
GRAFANA_VARIABLES = {"$__rate_interval": "5m", "$instance": ".*"}
DASHBOARD: dict[str, Any] = json.loads(monitoring.dashboard())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(monitoring.alerts())["groups"] for rule in group["rules"]
]


def known() -> set[str]:
    """Every series, by the page that a test of its own compares with what is told."""
    import re

    page = shipped("docs/metrics.md").read_text().split("## Dashboard")[0]
    found: set[str] = set()
    for row in re.findall(r"^\| (`[^\n]+) \|$", page, re.M):
        first = row.split("|")[0]
        for name in re.findall(r"`([a-z_]+)`", first):
            found |= {
                PREFIX + name + end for end in (("_bucket", "_sum", "_count") if "(histogram)" in first else ("",))
            }
    return found


def names(expression: Any) -> Iterator[str]:
    """Of metrics in a parsed expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression.name or ""
    for child in ("expr", "lhs", "rhs", "vs", "vector_selector", "param"):
        inner = getattr(expression, child, None)
        if inner is not None and not isinstance(inner, str):
            yield from names(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from names(argument)


def parsed(text: str) -> Any:
    """Raises where Prometheus would."""
    for name, value in GRAFANA_VARIABLES.items():
        text = text.replace(name, value)
    return promql_parser.parse(text)


EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    (panel["title"], target["expr"]) for panel in PANELS for target in panel.get("targets", ())
]


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_every_expression_is_promql_of_metrics_that_there_are(where: str, expression: str) -> None:
    used = list(names(parsed(expression)))
    assert used, where
    assert set(used) <= known(), where


def test_a_metric_that_there_is_not_would_be_found() -> None:
    expression = parsed("sum by (le) (rate(phone_agent_x_bucket[5m])) / phone_agent_y unless phone_agent_z == 1")
    assert set(names(expression)) == {"phone_agent_x_bucket", "phone_agent_y", "phone_agent_z"}


def test_rules_say_what_is_wrong_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is needed for this test: `apt-get install --no-install-recommends prometheus`.")
    rules = tmp_path / "rules.yml"
    rules.write_text(monitoring.alerts())
    done = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


SCENES = {
    "PhoneAgentTrunkDown": {
        "quiet": {'phone_agent_trunk_usable{trunk="one"}': "1x20"},
        "fires": {'phone_agent_trunk_usable{trunk="one"}': "0x20"},
    },
    "PhoneAgentCallsOutFail": {
        "quiet": {
            'phone_agent_calls_total{direction="outbound", reason="telephony_error"}': "0x20",
            'phone_agent_calls_total{direction="outbound", reason="busy"}': "0+5x20",
            'phone_agent_calls_total{direction="inbound", reason="telephony_error"}': "0+5x20",
        },
        "fires": {
            'phone_agent_calls_total{direction="outbound", reason="telephony_error"}': "0+1x20",
            'phone_agent_calls_total{direction="outbound", reason="busy"}': "0+5x20",
        },
    },
    "PhoneAgentNumbersAreWrong": {
        "quiet": {'phone_agent_calls_total{direction="outbound", reason="caller_hangup"}': "0+5x20"},
        "fires": {
            'phone_agent_calls_total{direction="outbound", reason="invalid_destination"}': "0+1x20",
            'phone_agent_calls_total{direction="outbound", reason="caller_hangup"}': "0+3x20",
        },
    },
}
"""Alert → series by which Prometheus must stay quiet, or raise it once 20 minutes have passed."""


def test_alerts_of_calls_out_are_raised_when_they_should(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is needed for this test: `apt-get install --no-install-recommends prometheus`.")
    (tmp_path / "rules.yml").write_text(monitoring.alerts())
    scenes = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in told.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
                    "eval_time": "20m",
                    "exp_samples": [{"labels": "{}", "value": int(outcome == "fires")}],
                }
            ],
        }
        for alert, outcomes in SCENES.items()
        for outcome, told in outcomes.items()
    ]
    scene_file = tmp_path / "scenes.yml"
    scene_file.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": scenes}))
    done = subprocess.run([promtool, "test", "rules", scene_file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_whole() -> None:
    assert DASHBOARD["schemaVersion"] >= 36
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        assert panel["type"] in {"row", "stat", "timeseries"}
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        references = [target["refId"] for target in panel["targets"]]
        assert references == sorted(set(references)) != []


def unit(tmp_path: Path, **changes: Any) -> str:
    return systemd_unit.unit(Settings(**changes), config=tmp_path / "phone agent.toml", user="daemon")


def test_the_unit_waits_for_as_long_as_a_drain_takes(tmp_path: Path) -> None:
    text = unit(tmp_path, drain=DrainSettings(timeout_s=1200, farewell_s=20))
    assert f"TimeoutStopSec={1220 + systemd_unit.CLOSE_S}\n" in text
    assert "KillMode=mixed\n" in text
    assert "Type=notify\n" in text


def test_a_record_of_ones_own_place_can_be_written(tmp_path: Path) -> None:
    assert "ReadWritePaths=/srv/calls\n" in unit(tmp_path, store=StoreSettings(file=Path("/srv/calls/record.db")))
    assert "ReadWritePaths" not in unit(tmp_path)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here")
    path = tmp_path / "phone-agent.service"
    path.write_text(unit(tmp_path))
    done = subprocess.run([verify, "verify", path], capture_output=True, text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "phone-agent" in line]
    assert complaints == []
    assert str(Path(sys.executable).with_name("phone-agent")) in path.read_text()


def test_the_command_prints_them() -> None:
    for name, beginning in (("dashboard", "{"), ("alerts", "# Alert rules"), ("systemd", "# /etc/systemd")):
        done = subprocess.run(
            [sys.executable, "-m", "agent", "config", name], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(beginning)
