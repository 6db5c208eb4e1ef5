# frozen_string_literal: true

# A call as Phone Agent told of it; its id is the one there.
class Call < ApplicationRecord
  TOLD = %w[status ended_reason from to agent answered_at ended_at].freeze

  has_many :turns, -> { order(:position) }, inverse_of: :call, dependent: :destroy

  def live? = status == "in-progress"

  # Events of a call come in order; what is sent again later must not undo what came after it.
  def take(event)
    return if event.sequence <= last_sequence

    self.digits = event.data["digits"] if event.event_type == "call.dtmf.received"
    assign_attributes(event.data["call"].slice(*TOLD)) if event.data.key?("call")
    update!(last_sequence: event.sequence)
  end
end
