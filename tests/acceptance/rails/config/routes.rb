# frozen_string_literal: true

Rails.application.routes.draw do
  root "calls#index"

  scope "phone_agent" do
    post "events", to: "webhooks#create"
    post "lookup", to: "lookups#create"
    post "tools", to: "tool_calls#create"
  end

  resources :calls, only: %i[index show] do
    member do
      get :recording
      post :say
      post :dtmf
      post :hangup
    end
  end
end
