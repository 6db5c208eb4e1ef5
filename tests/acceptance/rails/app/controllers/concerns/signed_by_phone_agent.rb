# frozen_string_literal: true

# Lets in only what Phone Agent has signed, whole and of now.
module SignedByPhoneAgent
  extend ActiveSupport::Concern

  included { before_action :verify_signature }

  private

  def verify_signature
    headers = request.headers
    signature = PhoneAgent::Signature.new(PhoneAgent.secrets + WebhookEndpoint.secrets)
    head :unauthorized unless signature.valid?(
      id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
      signatures: headers["webhook-signature"], body: request.raw_post
    )
  end
end
