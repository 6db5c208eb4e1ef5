# frozen_string_literal: true

module PhoneAgent
  # Standard Webhooks 1.0.0. While a secret is being changed both are good.
  class Signature
    TOLERANCE = 5.minutes

    def initialize(secrets)
      @keys = secrets.map { |secret| Base64.decode64(secret.delete_prefix("whsec_")) }
    end

    def valid?(id:, timestamp:, signatures:, body:)
      fresh?(timestamp) && @keys.any? do |key|
        mine = "v1,#{Base64.strict_encode64(OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.#{body}"))}"
        signatures.to_s.split.any? { |theirs| ActiveSupport::SecurityUtils.secure_compare(mine, theirs) }
      end
    end

    private

    def fresh?(timestamp)
      sent = Integer(timestamp.to_s, 10, exception: false)
      sent.present? && (Time.current.to_i - sent).abs <= TOLERANCE
    end
  end
end
