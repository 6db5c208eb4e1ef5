# frozen_string_literal: true

require "test_helper"

class TurnTest < ActiveSupport::TestCase
  include PhoneAgentTestHelper

  test "a turn that is read twice is kept once, and the position with it" do
    said = { "index" => 0, "speaker" => "agent", "text" => "Hello.", "interrupted" => false }
    message = PhoneAgent::EventStream::Message.new("8", event("call.turn.completed", turn: said).deep_stringify_keys)
    2.times { PhoneAgent::Companion.new.take(message) }
    assert_equal ["Hello."], Call.find("call_1").turns.map(&:text)
    assert_equal "8", StreamPosition.of("events")
    PhoneAgent::Companion.new.take(PhoneAgent::EventStream::Message.new("9", nil))
    assert_equal "9", StreamPosition.of("events")
  end
end
