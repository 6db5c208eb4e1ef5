"""The tree of errors. Every error has a stable `code`, which the API, the logs and the exit status share.

A message is one clear sentence for a person, and says what to do.
"""

from __future__ import annotations


class PhoneAgentError(Exception):
    """Root of all errors that this software raises on purpose."""

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class ConfigurationError(PhoneAgentError):
    """The configuration cannot work; raised before any call is taken, ends a command with status 2."""

    code = "configuration_error"


class SetupError(PhoneAgentError):
    """Something needed on this machine could not be obtained or started."""

    code = "setup_error"


class ModelError(PhoneAgentError):
    """A model file is missing, corrupt, or could not be fetched (`model_missing`, `model_corrupt`, …)."""

    code = "model_error"


class TelephonyError(PhoneAgentError):
    """Asterisk is gone, or refused what was asked of it."""

    code = "telephony_error"


class MediaError(PhoneAgentError):
    """The sound path of one call failed."""

    code = "media_error"


class SpeechToTextError(PhoneAgentError):
    """Ears failed (`stt_error`) or were too slow (`stt_timeout`)."""

    code = "stt_error"


class LanguageModelError(PhoneAgentError):
    """Mind failed (`llm_error`) or was too slow (`llm_timeout`)."""

    code = "llm_error"


class TextToSpeechError(PhoneAgentError):
    """Mouth failed (`tts_error`) or was too slow (`tts_timeout`)."""

    code = "tts_error"


class StoreError(PhoneAgentError):
    """The database is gone, full or locked, or refused what was asked of it."""

    code = "store_error"


class WebhookError(PhoneAgentError):
    """An application could not be told or asked something over HTTP, or its address is not allowed."""

    code = "webhook_error"


class BusError(PhoneAgentError):
    """Events could not be published to the message queue (`bus_unreachable`, `bus_refused`, `bus_blocked`, …)."""

    code = "bus_error"
