# frozen_string_literal: true

# How far a stream of events was read.
class StreamPosition < ApplicationRecord
  def self.of(name) = find_by(name: name)&.last_event_id

  def self.keep(name, last_event_id)
    upsert({ name: name, last_event_id: last_event_id }, unique_by: :name)
  end
end
