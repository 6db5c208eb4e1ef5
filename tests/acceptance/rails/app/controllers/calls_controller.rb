# frozen_string_literal: true

class CallsController < ApplicationController
  before_action :find_call, except: :index

  rescue_from PhoneAgent::Error do |error|
    redirect_to @call, alert: error.message
  end

  def index
    @calls = Call.order(id: :desc).limit(50) # ids sort by time
  end

  def show
    respond_to do |format|
      format.html
      format.json { render json: @call.as_json(include: :turns) }
    end
  end

  def recording
    return head(:not_found) unless @call.recording_fetched_at

    send_file @call.recording_path, disposition: :inline
  end

  def say
    PhoneAgent.client.say(@call.id, params.require(:text), **once)
    redirect_to @call
  end

  def dtmf
    PhoneAgent.client.press(@call.id, params.require(:digits), **once)
    redirect_to @call
  end

  def hangup
    PhoneAgent.client.hang_up(@call.id, say: params[:text].presence, **once)
    redirect_to @call
  end

  private

  def find_call
    @call = Call.find(params[:id])
  end

  # From the form: a button that is pressed twice acts once.
  def once = { idempotency_key: params.require(:once) }
end
