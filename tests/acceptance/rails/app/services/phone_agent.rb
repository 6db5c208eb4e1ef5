# frozen_string_literal: true

# All that this application has to do with Phone Agent. Where it is, and the key, stand in the environment.
module PhoneAgent
  class << self
    def url = ENV.fetch("PHONE_AGENT_URL", "http://127.0.0.1:8080/v1/")

    def key = ENV.fetch("PHONE_AGENT_KEY")

    # Sign what we are asked in mid-call: those of `webhooks.secret` and `webhooks.old_secret` there.
    def secrets = ENV.fetch("PHONE_AGENT_SECRETS", "").split

    def client = Client.new(url: url, key: key)

    def event_stream = EventStream.new(URI.join(url, "events/stream"), key: key)
  end
end
