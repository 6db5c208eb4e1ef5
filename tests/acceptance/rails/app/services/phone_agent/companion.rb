# frozen_string_literal: true

module PhoneAgent
  # Runs beside the web server: asks for the events that came while it was away, then writes down what is said in calls
  # as it is said. Goes on where it stopped, whoever was stopped.
  class Companion
    STREAM = "events"
    PAUSE = 2 # seconds

    def run
      persistently { catch_up }
      persistently { PhoneAgent.event_stream.each(last_event_id: StreamPosition.of(STREAM)) { |message| take(message) } }
    end

    def take(message)
      Rails.application.executor.wrap do
        ApplicationRecord.transaction do
          StreamPosition.keep(STREAM, message.id)
          Turn.record(message.event) if message.event&.fetch("type") == "call.turn.completed"
        end
      end
    end

    private

    def catch_up
      WebhookEndpoint.where.not(endpoint_id: nil).find_each(&:catch_up)
      Call.recording_wanted.find_each { |call| FetchRecordingJob.perform_later(call) }
    end

    def persistently
      yield
    rescue StandardError => error
      Rails.logger.warn("phone_agent.lost #{error.class} #{error.message}")
      sleep PAUSE
      retry
    end
  end
end
