"""Every operation of the description, with whatever fits it and whatever does not: schemathesis finds no fault."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from structlog.testing import capture_logs

from agent.store.api_keys import Scope
from agent.testing.fakes import FakeMind
from tests.integration.api.resources.conftest import Office, models

FAULTS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method"
)
"""What would be a fault of ours. Not among them: that all that fits the schema is accepted, since a cursor of nobody's,
an Idempotency-Key that was used before and an address that is not allowed fit it too."""
EXAMPLES = 8
"""For each operation and phase."""
PHASES = os.environ.get("FUZZ_PHASES", "examples,fuzzing")
"""`examples,coverage,fuzzing` before a release: thousands of boundary values, several minutes."""
ENDLESS = "/events/stream$"


async def test_no_request_breaks_it_or_gets_an_answer_that_is_not_described(office: Office, tmp_path: Path) -> None:
    office.parts.append(models(FakeMind(["It costs 60 dollars."], delay_s=0)))
    url = office.client.make_url("/openapi.json")
    fuzzing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(url),
        "--header", f"Authorization: Bearer {office.secrets[Scope.ADMIN]}",
        "--checks", FAULTS, "--max-examples", str(EXAMPLES), "--exclude-path-regex", ENDLESS,
        "--phases", PHASES, "--seed", "1", "--generation-deterministic",
        "--no-color", "--warnings", "off",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )  # fmt: skip
    with capture_logs() as logs:
        said = (await fuzzing.communicate())[0].decode()
    assert fuzzing.returncode == 0, said[-8000:]
    faults = [line for line in logs if line["event"] in {"api.problem_not_declared", "api.failed", "api.part_failed"}]
    assert faults == []
    assert "api.request" in {line["event"] for line in logs}
