# frozen_string_literal: true

Customer.find_or_create_by!(phone: "3900") { |customer| customer.name = "Mrs. Ames" }
Order.find_or_create_by!(number: "4711") { |order| order.state = "was sent on Tuesday" }
