"""The Rails application of the acceptance tests passes its own tests; so do the lines of Ruby that our pages show."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance import rails_app

PAGE = Path(__file__).parents[3] / "docs/webhooks.md"
TEST = """
require "test_helper"

class ShownController < ActionController::API
  def create
    secret = PhoneAgentTestHelper::SECRET
    {lines}
  end
end

class ShownTest < ActiveSupport::TestCase
  include PhoneAgentTestHelper

  def answer_to(headers)
    sent = headers.transform_keys {{ |name| "HTTP_#{{name.upcase.tr("-", "_")}}" }}
    ShownController.action(:create).call(Rack::MockRequest.env_for("/", method: "POST", input: "{{}}", **sent)).first
  end

  test "what is signed and of now is let in, and nothing else" do
    assert_equal 204, answer_to(signed("{{}}"))
    [signed("{{ }}"), signed("{{}}", at: 6.minutes.ago), {{}}].each {{ |headers| assert_equal 401, answer_to(headers) }}
  end
end
"""


def test_its_own_tests_and_the_lines_of_the_docs_pass(tmp_path: Path) -> None:
    folder = rails_app.copied(tmp_path)
    (shown,) = re.findall(r"```ruby\n(id, .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (folder / "test/shown_test.rb").write_text(TEST.format(lines=shown), "utf-8")
    done = rails_app.run(folder, "test", env=rails_app.environment())
    assert done.returncode == 0, done.stdout
    assert " 0 failures, 0 errors, 0 skips" in done.stdout
