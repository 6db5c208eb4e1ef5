# frozen_string_literal: true

# Asked before a call is answered: who takes it, and what does that agent know of the caller?
class LookupsController < ActionController::API
  include SignedByPhoneAgent

  def create
    call = JSON.parse(request.raw_post)["data"]["call"]
    customer = Customer.find_by(phone: call["from"])
    logger.info("phone_agent.lookup #{call["id"]}")
    known = customer ? { variables: { name: customer.name }, metadata: { customer_id: customer.id } } : {}
    render json: { agent: Shop::AGENT, **known }
  end
end
