"""Files for those who watch the server: a dashboard for Grafana, alert rules for Prometheus."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def dashboard() -> str:
    """JSON to be imported into Grafana."""
    return (_FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8")


def alerts() -> str:
    """YAML for `rule_files` of Prometheus."""
    return (_FOLDER / "prometheus-rules.yml").read_text(encoding="utf-8")
