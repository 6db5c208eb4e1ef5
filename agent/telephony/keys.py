"""Presses keys towards the caller's side, as for an access code or another machine's menu."""

from __future__ import annotations

import re

from agent.telephony.ari import AriClient

TONE_MS = 100
PAUSE_MS = 100
"""ITU-T Q.24: receivers must take 40 ms of each; telephones send 70 ms and more. 100 is Asterisk's own choice."""
MOST_KEYS = 64
_AT_ONCE = 8
"""Keys per request, 1.6 s: each must be done within `request_timeout_s`, and a call that ends stops after these."""
_KEYS = re.compile(f"[0-9A-D*#]{{1,{MOST_KEYS}}}")


async def press_keys(ari: AriClient, channel_id: str, keys: str) -> None:
    """Press keys (0-9, A-D, *, #) one after the other; returns when the last was let go.

    Sound that is sent meanwhile loses what falls on a key: be silent. Raises ValueError for anything else and for more
    than MOST_KEYS, TelephonyError where Asterisk fails or the caller has gone.
    """
    if not _KEYS.fullmatch(keys):
        raise ValueError(f"Only 1 to {MOST_KEYS} of 0-9, A-D, * and # can be keyed.")
    for start in range(0, len(keys), _AT_ONCE):
        await ari.send_dtmf(
            channel_id, keys[start : start + _AT_ONCE], duration_ms=TONE_MS, between_ms=PAUSE_MS, after_ms=PAUSE_MS
        )
        await ari.settled(channel_id)
