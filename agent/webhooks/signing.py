"""Signatures by Standard Webhooks 1.0.0: an application can tell that a message is ours, whole, and of now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook


def signed_headers(message_id: str, body: str, secrets: Sequence[str], *, at: datetime) -> dict[str, str]:
    """The headers that prove a message: one signature for each secret, so that either of two is good while rotating.

    `message_id` is what receivers deduplicate by: the event's id, the same for every attempt.
    """
    moment = at.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
