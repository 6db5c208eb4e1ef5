# frozen_string_literal: true

Rails.application.routes.draw do
  root "calls#index"

  post "phone_agent/events", to: "webhooks#create"

  resources :calls, only: %i[index show] do
    member do
      get :recording
      post :say
      post :dtmf
      post :hangup
    end
  end
end
