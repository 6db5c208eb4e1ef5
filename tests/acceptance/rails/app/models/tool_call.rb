# frozen_string_literal: true

# Something that the agent wants done in a call. A request that comes again gets the first answer again.
class ToolCall < ApplicationRecord
  def self.answer(webhook_id, message)
    transaction do
      made = create!(webhook_id: webhook_id, call_id: message["call_id"], **message["data"].slice("name", "arguments"))
      made.tap { made.update!(answer: made.work) }
    end
  rescue ActiveRecord::RecordNotUnique
    find_by!(webhook_id: webhook_id)
  end

  def work
    case name
    when "find_order" then find_order(arguments["number"])
    else { error: "There is no tool #{name}." }
    end
  end

  private

  def find_order(number)
    order = Order.find_by(number: number.to_s.gsub(/\D/, "")) # "4 7 1 1", as it was said
    return { error: "There is no order of that number." } unless order

    { result: "The order #{order.state}." }
  end
end
