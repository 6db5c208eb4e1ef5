"""The Rails application of the acceptance tests passes tests of its own, in Ruby."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance import rails_app


def test_its_own_tests_pass(tmp_path: Path) -> None:
    done = rails_app.run(rails_app.copied(tmp_path), "test", env=rails_app.environment())
    assert done.returncode == 0, done.stdout
    assert " 0 failures, 0 errors, 0 skips" in done.stdout
