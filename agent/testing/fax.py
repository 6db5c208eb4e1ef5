"""What a fax machine sends, as ITU-T T.30 and V.21 have it: the tones of who calls and of who is called. Pure."""

from __future__ import annotations

import numpy as np

from agent.testing.softphone.rtp import RATE, Pcm
from agent.testing.tone import tone

CALLING_HZ, CALLING_ON_S, CALLING_OFF_S = 1100, 0.5, 3.0
"""CNG (T.30 4.1)."""
ANSWERING_HZ, ANSWERING_S = 2100, 3.0
"""CED (T.30 4.2): 2.6 to 4 s."""
MARK_HZ, SPACE_HZ, BAUD = 1650, 1850, 300
"""Channel 2 of V.21: 1 and 0."""
GAP_S = 0.075  # between CED and the signal after it (T.30 5.1)
FLAGS_S = 1.0  # the preamble: HDLC flags for a second
FRAME_BITS = 300  # about the length of a DIS frame with its capabilities
REPEAT_S = 3.0  # without an answer the signal is sent again after so long (timer T4)
_FLAG = (0, 1, 1, 1, 1, 1, 1, 0)


def fax_calling(seconds: float) -> Pcm:
    """A fax machine that has called: half a second of tone, three of silence, again and again."""
    period = np.concatenate([tone(CALLING_HZ, CALLING_ON_S), np.zeros(round(CALLING_OFF_S * RATE), np.int16)])
    return np.resize(period, round(seconds * RATE))


def fax_answering(seconds: float, *, seed: int) -> Pcm:
    """A fax machine that was called: its tone once, then its signal again and again; `seed` draws the signal's bits."""
    bits = np.random.default_rng(seed).integers(0, 2, FRAME_BITS)
    flags = np.tile(_FLAG, round(FLAGS_S * BAUD / len(_FLAG)))
    signal = np.concatenate([_keyed(np.concatenate([flags, bits])), np.zeros(round(REPEAT_S * RATE), np.int16)])
    head = np.concatenate([tone(ANSWERING_HZ, ANSWERING_S), np.zeros(round(GAP_S * RATE), np.int16)])
    length = round(seconds * RATE)
    return np.concatenate([head, np.resize(signal, max(0, length - len(head)))])[:length]


def _keyed(bits: np.ndarray[tuple[int], np.dtype[np.int_]]) -> Pcm:
    """Bits as two frequencies, without a jump of the phase between them."""
    at = np.arange(len(bits) * RATE // BAUD) * BAUD // RATE
    frequency = np.where(bits[at] == 1, MARK_HZ, SPACE_HZ)
    return np.round(32767 * 0.25 * np.sin(2 * np.pi * np.cumsum(frequency) / RATE)).astype(np.int16)
