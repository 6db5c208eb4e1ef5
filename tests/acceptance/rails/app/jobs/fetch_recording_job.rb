# frozen_string_literal: true

class FetchRecordingJob < ActiveJob::Base
  retry_on Faraday::ConnectionFailed, Faraday::TimeoutError

  def perform(call)
    FileUtils.mkdir_p(call.recording_path.dirname)
    PhoneAgent.client.download_recording(call.id, call.recording_path)
    call.update!(recording_fetched_at: Time.current)
    logger.info("phone_agent.recording #{call.id}")
  end
end
