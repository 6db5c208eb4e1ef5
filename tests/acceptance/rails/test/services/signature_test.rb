# frozen_string_literal: true

require "test_helper"

class SignatureTest < ActiveSupport::TestCase
  include PhoneAgentTestHelper

  # The example of the specification's own libraries.
  test "takes the signature that the specification gives" do
    signature = PhoneAgent::Signature.new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    travel_to Time.zone.at(1_614_265_330)
    assert signature.valid?(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330",
      signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", body: '{"test": 2432232314}'
    )
  end

  test "takes either secret while they change, and several signatures" do
    other = "whsec_#{Base64.strict_encode64("another one of 24 bytes!")}"
    both = [signed("{}"), signed("{}", secret: other)].map { |headers| headers["webhook-signature"] }.join(" ")
    headers = signed("{}")
    [[SECRET], [other], [other, SECRET]].each do |secrets|
      assert PhoneAgent::Signature.new(secrets).valid?(
        id: "evt_1", timestamp: headers["webhook-timestamp"], signatures: both, body: "{}"
      )
    end
  end

  test "refuses what was changed, is old, comes from the future, or carries nothing" do
    signature = PhoneAgent::Signature.new([SECRET])
    good = signed("{}").values_at("webhook-id", "webhook-timestamp", "webhook-signature")
    valid = lambda do |given, body = "{}"|
      signature.valid?(id: given[0], timestamp: given[1], signatures: given[2], body: body)
    end
    assert valid.call(good)
    assert_not valid.call(good, "{ }")
    assert_not valid.call(["evt_2", *good.drop(1)])
    [6.minutes.ago, 6.minutes.from_now].each do |at|
      assert_not valid.call(signed("{}", at: at).values_at("webhook-id", "webhook-timestamp", "webhook-signature"))
    end
    assert_not valid.call([nil, nil, nil])
    assert_not valid.call([good[0], "soon", good[2]])
    assert_not PhoneAgent::Signature.new([]).valid?(id: good[0], timestamp: good[1], signatures: good[2], body: "{}")
  end
end
