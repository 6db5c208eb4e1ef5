# frozen_string_literal: true

require "test_helper"

class WebhooksControllerTest < ActionDispatch::IntegrationTest
  include PhoneAgentTestHelper

  setup do
    WebhookEndpoint.create!(url: "http://rails.test/", idempotency_key: "1", endpoint_id: "we_1", secrets: [SECRET])
  end

  def deliver(message, **options)
    body = message.to_json
    post "/phone_agent/events", params: body, headers: signed(body, **options)
  end

  test "keeps an event once, however often it comes" do
    message = event("call.ringing", call: { status: "ringing", from: "+49301", to: "1000", agent: "desk" })
    2.times do
      deliver(message)
      assert_response :no_content
    end
    assert_equal [["evt_1", "call.ringing"]], WebhookEvent.pluck(:webhook_id, :event_type)
    assert_equal ["ringing", "+49301"], Call.find("call_1").values_at(:status, :from)
  end

  test "is not set back by an event that comes again after later ones" do
    deliver(event("call.ended", sequence: 4, call: { status: "completed", ended_reason: "caller_hangup" }), id: "evt_4")
    deliver(event("call.answered", sequence: 3, call: { status: "in-progress" }), id: "evt_3")
    assert_equal "completed", Call.find("call_1").status
    assert_equal 2, WebhookEvent.count
  end

  test "takes events that belong to no call" do
    deliver(event("ping", call_id: nil, sequence: nil))
    assert_response :no_content
    assert_equal 0, Call.count
  end

  test "refuses what is not signed, or with another secret" do
    post "/phone_agent/events", params: "{}", headers: { "Content-Type" => "application/json" }
    assert_response :unauthorized
    deliver(event("call.ringing"), secret: "whsec_#{Base64.strict_encode64("guessed")}")
    assert_response :unauthorized
    assert_equal 0, WebhookEvent.count
  end
end
