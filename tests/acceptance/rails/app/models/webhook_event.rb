# frozen_string_literal: true

# An event that came by webhook; each is kept, and acted upon, once.
class WebhookEvent < ApplicationRecord
  after_create_commit :fetch_recording, if: -> { event_type == "call.recording.ready" }

  # Returns whether it was new.
  def self.receive(webhook_id, message)
    transaction do
      event = create!(webhook_id: webhook_id, event_type: message["type"], **message.slice("call_id", "sequence", "data"))
      Call.create_or_find_by!(id: event.call_id).take(event) if event.call_id
    end
    true
  rescue ActiveRecord::RecordNotUnique
    false
  end

  private

  def fetch_recording
    FetchRecordingJob.perform_later(Call.find(call_id))
  end
end
