# frozen_string_literal: true

require_relative "boot"

require "rails"
require "active_record/railtie"
require "active_job/railtie"
require "action_controller/railtie"
require "action_view/railtie"
require "rails/test_unit/railtie"

Bundler.require

module LakesideStore
  # A store whose telephone is answered by Phone Agent.
  class Application < Rails::Application
    config.load_defaults 6.1
    config.cache_classes = config.eager_load = Rails.env.production?
    config.action_dispatch.show_exceptions = !Rails.env.test?
    config.consider_all_requests_local = !Rails.env.production?
    config.active_record.dump_schema_after_migration = false
    config.active_record.maintain_test_schema = false
    config.filter_parameters += %i[secret digits text from to]

    if Rails.env.production?
      config.log_level = :info
      config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stdout))
    end
  end
end
