# frozen_string_literal: true

module PhoneAgent
  # An answer that is no success: a problem as in RFC 9457. `code` never changes, the message is for people.
  class Error < StandardError
    attr_reader :status, :code, :request_id

    def self.of(response)
      new(response.status, JSON.parse(response.body))
    rescue JSON::ParserError # such as a proxy's
      new(response.status, {})
    end

    def initialize(status, problem)
      @status = status
      @code = problem["code"]
      @request_id = problem["request_id"]
      super(problem["detail"] || problem["title"] || "Phone Agent answered #{status}.")
    end
  end
end
