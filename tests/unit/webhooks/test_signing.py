from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from agent.store.webhook_endpoints import SECRET_BYTES, WebhookEndpoint, new_secret
from agent.webhooks.signing import signed_headers

BODY = '{"id":"evt_1"}'


def test_a_secret_has_256_random_bits() -> None:
    secret = new_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == SECRET_BYTES
    assert secret != new_secret()


@given(st.text())
def test_the_receivers_library_accepts_it(text: str) -> None:
    secret, body = new_secret(), json.dumps({"text": text})
    headers = signed_headers("evt_1", body, [secret], at=datetime.now(UTC))
    assert Webhook(secret).verify(body, headers) == {"text": text}


def test_either_secret_is_good_while_rotating_and_no_other() -> None:
    old, new = new_secret(), new_secret()
    headers = signed_headers("evt_1", BODY, [new, old], at=datetime.now(timezone(timedelta(hours=9))))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed(header: str) -> None:
    secret = new_secret()
    headers = signed_headers("evt_1", BODY, [secret], at=datetime.now(UTC))
    forged = {**headers, header: str(int(headers[header]) + 1) if header == "webhook-timestamp" else "evt_2"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, forged)


def test_the_old_secret_signs_until_it_expires() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    endpoint = WebhookEndpoint(
        id="we_1",
        url="https://example.com/",
        description="",
        events=(),
        secret="new",
        old_secret="old",
        old_secret_expires_at=now,
        enabled=True,
        disabled_reason=None,
        failing_since=None,
        created_at=now,
        updated_at=now,
    )
    assert endpoint.secrets(now - timedelta(microseconds=1)) == ("new", "old")
    assert endpoint.secrets(now) == ("new",)
    assert "old'" not in repr(endpoint)
