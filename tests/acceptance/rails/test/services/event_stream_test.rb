# frozen_string_literal: true

require "test_helper"

class EventStreamTest < ActiveSupport::TestCase
  TEXT = <<~STREAM
    retry: 2000
    id: 7

    : alive

    id: 8
    event: call.turn.completed
    data: {"type":"call.turn.completed",
    data: "call_id":"call_ä"}

  STREAM

  def serve(chunks, requests: [])
    server = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new do
      socket = server.accept
      requests << socket.gets("\r\n\r\n")
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
      chunks.each { |chunk| socket.write(chunk) }
      socket.close
    end
    yield URI("http://127.0.0.1:#{server.addr[1]}/v1/events/stream")
  ensure
    thread.join
    server.close
  end

  test "reads messages however they are cut, and says from where on" do
    messages = []
    requests = []
    serve(TEXT.b.chars, requests: requests) do |uri|
      stream = PhoneAgent::EventStream.new(uri, key: "k")
      assert_raises(EOFError) { stream.each(last_event_id: "6") { |message| messages << message.to_a } }
    end
    assert_equal [["7", nil], ["8", { "type" => "call.turn.completed", "call_id" => "call_ä" }]], messages
    assert_match(/^last-event-id: 6\r$/i, requests.first)
  end
end
