# frozen_string_literal: true

# Who answers our telephone, and on which number.
module Shop
  AGENT = "lakeside"
  NUMBER = "5000"

  class << self
    # `url`: where this application can be reached. May be repeated: what is there already is brought up to date.
    def install(url)
      phone = PhoneAgent.client
      agent = keep(phone, "agents", { "name" => AGENT }, definition(url))
      keep(phone, "phone_numbers", { "number" => NUMBER }, agent_id: agent["id"], lookup_url: "#{url}/phone_agent/lookup")
    end

    private

    def keep(phone, path, key, values)
      there = phone.list(path).find { |one| one.slice(*key.keys) == key }
      there ? phone.patch("#{path}/#{there["id"]}", values) : phone.post(path, key.merge(values))
    end

    def definition(url)
      {
        greeting: "Lakeside Store, good day {{name}}.", variables: { name: "to you" },
        instructions: "You are the receptionist of Lakeside Store. You are friendly and brief.",
        facts: ["The store is open Monday to Friday from nine to six.", "Repairs take about three days."],
        recording: { consent: "announced" },
        tools: [find_order("#{url}/phone_agent/tools")]
      }
    end

    def find_order(url)
      number = { type: "string", description: "The order number, digits only" }
      {
        name: "find_order", url: url, say: "Let me look that up.",
        description: "Finds out where an order is. Use it when the caller asks about their order.",
        parameters: { type: "object", properties: { number: number }, required: ["number"], additionalProperties: false }
      }
    end
  end
end
