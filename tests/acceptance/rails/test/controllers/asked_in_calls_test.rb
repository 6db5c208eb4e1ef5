# frozen_string_literal: true

require "test_helper"

class AskedInCallsTest < ActionDispatch::IntegrationTest
  include PhoneAgentTestHelper

  setup { ENV["PHONE_AGENT_SECRETS"] = SECRET }
  teardown { ENV.delete("PHONE_AGENT_SECRETS") }

  def ask(path, type, data, **options)
    body = { object: "request", type: type, call_id: "call_1", data: data }.to_json
    post path, params: body, headers: signed(body, **options)
    response.parsed_body
  end

  test "says who takes a call, and who is calling" do
    customer = Customer.create!(name: "Mrs. Ames", phone: "+49301")
    known, unknown = %w[+49301 +49302].map do |from|
      ask("/phone_agent/lookup", "agent.lookup", { call: { id: "call_1", from: from } })
    end
    assert_equal ["lakeside", { "name" => "Mrs. Ames" }, { "customer_id" => customer.id }],
                 known.values_at("agent", "variables", "metadata")
    assert_equal({ "agent" => "lakeside" }, unknown)
  end

  test "finds an order, once for each request, and says what cannot be done" do
    order = Order.create!(number: "4711", state: "was sent on Tuesday")
    data = { name: "find_order", arguments: { number: "4 7 1 1" } }
    first = ask("/phone_agent/tools", "tool.call", data, id: "req_1")
    order.update!(state: "has arrived")
    again = ask("/phone_agent/tools", "tool.call", data, id: "req_1")
    assert_equal [{ "result" => "The order was sent on Tuesday." }] * 2, [first, again]
    [{ **data, arguments: { number: "1" } }, { name: "destroy_all", arguments: {} }].each_with_index do |asked, n|
      assert ask("/phone_agent/tools", "tool.call", asked, id: "req_#{n + 2}")["error"]
    end
    assert_equal 3, ToolCall.count
  end

  test "answers nobody else" do
    ENV["PHONE_AGENT_SECRETS"] = ""
    %w[lookup tools].each do |path|
      ask("/phone_agent/#{path}", "tool.call", {})
      assert_response :unauthorized
    end
  end
end
