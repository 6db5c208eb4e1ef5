# frozen_string_literal: true

module PhoneAgent
  # The REST API. A POST carries an Idempotency-Key, so that one whose answer was lost may be repeated.
  class Client
    ATTEMPTS = 3
    PART = 1.megabyte

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

    # Adds to the file what it does not hold yet: a download that broke off goes on where it stopped.
    def download_recording(id, path)
      File.open(path, "ab") do |file|
        loop do
          range = "bytes=#{file.size}-#{file.size + PART - 1}"
          part = attempt { @http.get("calls/#{id}/recording", nil, { "Range" => range }) }
          break if part.status == 416 # there is no more

          raise Error.of(part) unless part.status == 206

          file.write(part.body)
          break if file.size == part.headers["Content-Range"].split("/").last.to_i
        end
      end
    end

    def get(path, query = {})
      parsed(attempt { @http.get(path, query) })
    end

    # All of a list, page by page.
    def list(path)
      Enumerator.new do |items|
        page = { "next_cursor" => nil }
        loop do
          page = get(path, { cursor: page["next_cursor"], limit: 100 }.compact)
          page["data"].each { |item| items << item }
          break unless page["has_more"]
        end
      end
    end

    def patch(path, body)
      parsed(attempt { @http.patch(path, body.to_json, { "Content-Type" => "application/json" }) })
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
      raise Error.of(response) unless response.success?

      response.body.blank? ? {} : JSON.parse(response.body)
    end
  end
end
