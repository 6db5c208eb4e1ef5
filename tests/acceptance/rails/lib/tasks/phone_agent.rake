# frozen_string_literal: true

namespace :phone_agent do
  desc "Tell Phone Agent where this application is, and who answers: rails phone_agent:connect URL=https://rails.example.com"
  task connect: :environment do
    url = ENV.fetch("URL")
    endpoint = WebhookEndpoint.connect("#{url}/phone_agent/events")
    Shop.install(url)
    puts "#{endpoint.endpoint_id} sends to #{endpoint.url}; #{Shop::AGENT} answers #{Shop::NUMBER}"
  end

  desc "Change the secret that webhooks are signed with"
  task rotate_secret: :environment do
    WebhookEndpoint.find_each(&:rotate_secret)
  end
end
