# frozen_string_literal: true

class WebhooksController < ActionController::API
  include SignedByPhoneAgent

  def create
    message = JSON.parse(request.raw_post)
    fresh = WebhookEvent.receive(request.headers["webhook-id"], message)
    logger.info("phone_agent.event #{message["type"]} #{message["call_id"]}#{" again" unless fresh}")
    head :no_content
  end
end
