# frozen_string_literal: true

class CreateCalls < ActiveRecord::Migration[6.1]
  def change
    create_table :customers do |t|
      t.string :name, null: false
      t.string :phone, null: false, index: { unique: true }
    end

    create_table :calls, id: :string do |t|
      t.string :status, null: false, default: "ringing"
      t.string :ended_reason
      t.string :from
      t.string :to
      t.string :agent
      t.datetime :answered_at
      t.datetime :ended_at
      t.string :digits
      t.json :recording
      t.datetime :recording_fetched_at
      t.references :customer, foreign_key: true
      t.integer :last_sequence, null: false, default: 0
      t.timestamps
    end

    create_table :turns do |t|
      t.references :call, type: :string, null: false, foreign_key: true
      t.integer :position, null: false
      t.string :speaker, null: false
      t.text :text, null: false
      t.boolean :interrupted, null: false
      t.index %i[call_id position], unique: true
    end

    create_table :tool_calls do |t|
      t.string :webhook_id, null: false, index: { unique: true }
      t.string :call_id, null: false, index: true
      t.string :name, null: false
      t.json :arguments, null: false
      t.json :answer
      t.datetime :created_at, null: false
    end

    create_table :orders do |t|
      t.string :number, null: false, index: { unique: true }
      t.string :state, null: false
    end

    create_table :webhook_events do |t|
      t.string :webhook_id, null: false, index: { unique: true }
      t.string :event_type, null: false
      t.string :call_id, index: true
      t.integer :sequence
      t.json :data, null: false
      t.datetime :created_at, null: false
    end

    create_table :webhook_endpoints do |t|
      t.string :url, null: false, index: { unique: true }
      t.string :idempotency_key, null: false
      t.string :endpoint_id
      t.json :secrets, null: false, default: []
      t.timestamps
    end

    create_table :stream_positions do |t|
      t.string :name, null: false, index: { unique: true }
      t.string :last_event_id, null: false
    end
  end
end
