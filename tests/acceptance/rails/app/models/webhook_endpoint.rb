# frozen_string_literal: true

# Our address as Phone Agent knows it. In production keep the secrets encrypted, or among the credentials.
class WebhookEndpoint < ApplicationRecord
  # The key is on disk before the request is made: if we die in between, the same endpoint is found next time.
  def self.connect(url)
    endpoint = create_or_find_by!(url: url) { |made| made.idempotency_key = SecureRandom.uuid }
    return endpoint if endpoint.endpoint_id

    made = PhoneAgent.client.create_webhook_endpoint(url, idempotency_key: endpoint.idempotency_key)
    endpoint.update!(endpoint_id: made["id"], secrets: [made["secret"]])
    endpoint
  end

  def self.secrets = pluck(:secrets).flatten

  # The old secret stays good here: requests signed before the change may be under way.
  def rotate_secret
    update!(secrets: [PhoneAgent.client.rotate_secret(endpoint_id)["secret"], secrets.first])
  end

  # After a stop: what waits is sent now, what was given up meanwhile is sent again.
  def catch_up
    since = (WebhookEvent.maximum(:created_at) || created_at) - 1.day
    PhoneAgent.client.replay(endpoint_id, since: since)
  end
end
