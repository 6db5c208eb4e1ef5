# frozen_string_literal: true

require "test_helper"

class ClientTest < ActiveSupport::TestCase
  def client(&routes)
    PhoneAgent::Client.new(url: "http://phone.test/v1/", key: "k") do |http|
      http.adapter(:test, &routes)
    end
  end

  test "repeats a POST whose answer was lost, with the same key" do
    keys = []
    phone = client do |stub|
      stub.post("/v1/calls/call_1/say") do |env|
        keys << env.request_headers["Idempotency-Key"]
        raise Faraday::TimeoutError if keys.one?

        [202, {}, env.body]
      end
    end
    assert_equal({ "text" => "Hello." }, phone.say("call_1", "Hello."))
    assert_equal 2, keys.size
    assert_equal 1, keys.uniq.size
  end

  test "tells what went wrong by its code" do
    phone = client do |stub|
      stub.post("/v1/calls/call_1/hangup") do
        [409, {}, { code: "wrong_state", detail: "The call is completed.", request_id: "req_1" }.to_json]
      end
      stub.get("/v1/calls/call_1") { [502, {}, "<h1>Bad gateway</h1>"] }
    end
    error = assert_raises(PhoneAgent::Error) { phone.hang_up("call_1") }
    assert_equal [409, "wrong_state", "The call is completed.", "req_1"],
                 [error.status, error.code, error.message, error.request_id]
    assert_equal 502, assert_raises(PhoneAgent::Error) { phone.call("call_1") }.status
  end
end
