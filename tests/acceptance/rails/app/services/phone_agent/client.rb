# frozen_string_literal: true

module PhoneAgent
  # The REST API. A POST carries an Idempotency-Key, so that one whose answer was lost may be repeated.
  class Client
    ATTEMPTS = 3

    def initialize(url:, key:, &connection)
      @http = Faraday.new(url) do |http|
        http.headers["Authorization"] = "Bearer #{key}"
        http.options.open_timeout = 2
        http.options.timeout = 10
        connection ? connection.call(http) : http.adapter(Faraday.default_adapter)
      end
    end

    def call(id) = get("calls/#{id}")

    def transcript(id) = get("calls/#{id}/transcript")

    def say(id, text, **options) = post("calls/#{id}/say", { text: text }, **options)

    def press(id, digits, **options) = post("calls/#{id}/dtmf", { digits: digits }, **options)

    def hang_up(id, say: nil, **options) = post("calls/#{id}/hangup", { say: say }.compact, **options)

    def create_webhook_endpoint(url, **options) = post("webhook_endpoints", { url: url }, **options)

    def rotate_secret(endpoint_id) = post("webhook_endpoints/#{endpoint_id}/rotate_secret")

    # Sends what happened since then and did not get through, what waits for another attempt included.
    def replay(endpoint_id, since:)
      post("webhook_endpoints/#{endpoint_id}/replay", { since: since.iso8601(6) })
    end

    def get(path, query = {})
      parsed(attempt { @http.get(path, query) })
    end

    def post(path, body = nil, idempotency_key: SecureRandom.uuid)
      headers = { "Content-Type" => "application/json", "Idempotency-Key" => idempotency_key }
      parsed(attempt { @http.post(path, body&.to_json, headers) })
    end

    private

    def attempt
      tries = 0
      begin
        tries += 1
        yield
      rescue Faraday::ConnectionFailed, Faraday::TimeoutError
        tries < ATTEMPTS ? retry : raise
      end
    end

    def parsed(response)
      body = response.body.blank? ? {} : JSON.parse(response.body)
      raise Error.new(response.status, body) unless response.success?

      body
    rescue JSON::ParserError
      raise Error.new(response.status, {})
    end
  end
end
