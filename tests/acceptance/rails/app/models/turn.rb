# frozen_string_literal: true

# What one side said.
class Turn < ApplicationRecord
  belongs_to :call

  def self.record(event)
    said = event["data"]["turn"]
    call = Call.create_or_find_by!(id: event["call_id"])
    create_or_find_by!(call: call, position: said["index"]) do |turn|
      turn.assign_attributes(said.slice("speaker", "text", "interrupted"))
    end
    Rails.logger.info("phone_agent.turn #{call.id} #{said["index"]}")
  end
end
