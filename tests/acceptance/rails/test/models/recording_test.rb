# frozen_string_literal: true

require "test_helper"

class RecordingTest < ActiveSupport::TestCase
  SOUND = Random.new(1).bytes(3 * PhoneAgent::Client::PART / 2)

  def fetch(path)
    asked = []
    phone = PhoneAgent::Client.new(url: "http://phone.test/v1/", key: "k") do |http|
      http.adapter(:test) do |stub|
        stub.get("/v1/calls/call_1/recording") { |env| part(asked.push(env.request_headers["Range"]).last) }
      end
    end
    phone.download_recording("call_1", path)
    asked
  end

  def part(range)
    first, last = range.scan(/\d+/).map(&:to_i)
    return [416, { "Content-Range" => "bytes */#{SOUND.size}" }, ""] if first >= SOUND.size

    [206, { "Content-Range" => "bytes #{first}-#{[last, SOUND.size - 1].min}/#{SOUND.size}" }, SOUND[first..last]]
  end

  test "a download goes on where an earlier one stopped" do
    Dir.mktmpdir do |folder|
      path = File.join(folder, "call_1.wav")
      File.binwrite(path, SOUND[0, 700])
      assert_equal %w[bytes=700-1049275 bytes=1049276-2097851], fetch(path)
      assert_equal SOUND, File.binread(path)
      assert_equal %w[bytes=1572864-2621439], fetch(path)
      assert_equal SOUND, File.binread(path)
    end
  end

  test "those that were not fetched are known" do
    Call.create!(id: "call_1", recording: { status: "ready", format: "wav" })
    Call.create!(id: "call_2", recording: { status: "ready", format: "wav" }, recording_fetched_at: Time.current)
    Call.create!(id: "call_3", recording: { status: "not-recorded" })
    Call.create!(id: "call_4")
    assert_equal ["call_1"], Call.recording_wanted.ids
  end
end
