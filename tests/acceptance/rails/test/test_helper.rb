# frozen_string_literal: true

ENV["RAILS_ENV"] = "test"
require_relative "../config/environment"

ActiveRecord::Migration.verbose = false
ActiveRecord::Base.connection.migration_context.migrate # the database is in memory

require "rails/test_help"

module PhoneAgentTestHelper
  SECRET = "whsec_#{Base64.strict_encode64("a secret of 24 bytes long")}"

  # The headers of a message, as Phone Agent sends them.
  def signed(body, id: "evt_1", secret: SECRET, at: Time.current)
    content = "#{id}.#{at.to_i}.#{body}"
    key = Base64.decode64(secret.delete_prefix("whsec_"))
    {
      "Content-Type" => "application/json", "webhook-id" => id, "webhook-timestamp" => at.to_i.to_s,
      "webhook-signature" => "v1,#{Base64.strict_encode64(OpenSSL::HMAC.digest("SHA256", key, content))}"
    }
  end

  def event(type, sequence: 1, call_id: "call_1", **data)
    { object: "event", type: type, call_id: call_id, sequence: sequence, data: data }
  end
end
