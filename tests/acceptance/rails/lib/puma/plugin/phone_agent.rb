# frozen_string_literal: true

require "puma/plugin"

# Begins as soon as requests are taken, for the events that it asks for come at once.
Puma::Plugin.create do
  def start(launcher)
    launcher.events.on_booted { Thread.new { PhoneAgent::Companion.new.run } }
  end
end
