# frozen_string_literal: true

# A call as Phone Agent told of it; its id is the one there.
class Call < ApplicationRecord
  TOLD = %w[status ended_reason from to agent answered_at ended_at recording].freeze

  belongs_to :customer, optional: true
  has_many :turns, -> { order(:position) }, inverse_of: :call, dependent: :destroy

  scope :recording_wanted, -> { where(recording_fetched_at: nil).where("recording LIKE ?", '%"status":"ready"%') }

  def live? = status == "in-progress"

  # Events of a call come in order; what is sent again later must not undo what came after it.
  def take(event)
    return if event.sequence <= last_sequence

    self.digits = event.data["digits"] if event.event_type == "call.dtmf.received"
    told(event.data["call"]) if event.data.key?("call")
    update!(last_sequence: event.sequence)
  end

  def recording_path = Rails.root.join("storage", "#{id}.#{recording["format"] == "opus" ? "ogg" : "wav"}")

  private

  def told(call)
    assign_attributes(call.slice(*TOLD))
    self.customer_id = call["metadata"]["customer_id"] if call.key?("metadata")
  end
end
