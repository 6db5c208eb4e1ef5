# frozen_string_literal: true

# Asked in mid-call, while the caller waits: two seconds are there for it.
class ToolCallsController < ActionController::API
  include SignedByPhoneAgent

  def create
    tool_call = ToolCall.answer(request.headers["webhook-id"], JSON.parse(request.raw_post))
    logger.info("phone_agent.tool #{tool_call.name} #{tool_call.call_id}")
    render json: tool_call.answer
  end
end
