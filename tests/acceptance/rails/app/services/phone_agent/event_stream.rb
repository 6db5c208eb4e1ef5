# frozen_string_literal: true

require "net/http"

module PhoneAgent
  # Server-sent events, read as they come.
  class EventStream
    SILENCE = 15 # seconds; the server sends a comment every second

    Message = Struct.new(:id, :event)

    def initialize(uri, key:)
      @uri = uri
      @key = key
    end

    # Yields messages behind `last_event_id`; `event` is nil where only the position is told. Raises when the
    # connection ends, however it does.
    def each(last_event_id: nil, &block)
      http = Net::HTTP.new(@uri.host, @uri.port)
      http.use_ssl = @uri.scheme == "https"
      http.read_timeout = SILENCE
      http.max_retries = 0 # Net::HTTP would ask again by itself, from the old position
      http.start { http.request(request(last_event_id)) { |response| read(response, &block) } }
      raise EOFError, "the server has ended the stream"
    end

    private

    def request(last_event_id)
      headers = { "Authorization" => "Bearer #{@key}", "Accept" => "text/event-stream" }
      headers["Last-Event-ID"] = last_event_id if last_event_id
      Net::HTTP::Get.new(@uri, headers)
    end

    def read(response, &block)
      response.value # raises unless 2xx
      buffer = +""
      response.read_body do |chunk|
        buffer << chunk
        while (block_of_lines = buffer.slice!(/\A.*?\n\n/m))
          message = parse(block_of_lines)
          block.call(message) if message.id
        end
      end
    end

    def parse(lines)
      fields = lines.each_line(chomp: true).filter_map { |line| line.match(/\A(\w+): ?(.*)\z/)&.captures }
      data = fields.filter_map { |name, value| value if name == "data" }
      Message.new(fields.to_h["id"], data.any? ? JSON.parse(data.join("\n")) : nil)
    end
  end
end
