# frozen_string_literal: true

namespace :phone_agent do
  desc "Tell Phone Agent where this application is: rails phone_agent:connect URL=https://…/phone_agent/events"
  task connect: :environment do
    endpoint = WebhookEndpoint.connect(ENV.fetch("URL"))
    puts "#{endpoint.endpoint_id} sends to #{endpoint.url}"
  end

  desc "Change the secret that webhooks are signed with"
  task rotate_secret: :environment do
    WebhookEndpoint.find_each(&:rotate_secret)
  end
end
