"""The number that is to be called: in E.164, known to the numbering plans, and no number that is never called. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType, timezone

from agent.domain.outbound_rules import OutboundRefusal, OutboundRule

LONGEST_SHORT = 6
"""Digits. Emergency numbers have three, and no number of a subscriber with its country code has so few."""
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SHORT = re.compile(rf"[0-9*#]{{1,{LONGEST_SHORT}}}")
_EMERGENCY = OutboundRefusal(OutboundRule.EMERGENCY, "Emergency and short numbers are never called.")


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that could be called as far as the numbering plans know."""

    number: str
    """In E.164, with its plus."""
    zones: tuple[ZoneInfo, ...]
    """Time zones in which whoever has it may be; none where no plan tells."""


def destination(text: str) -> Destination | OutboundRefusal:
    """The number that `text` is, or the rule that forbids it: `destination_*` or `emergency_number`.

    Numbers come in E.164 alone: "030 1234" means something else in each country, and is not guessed at.
    """
    if _SHORT.fullmatch(text):
        return _EMERGENCY
    if not _E164.fullmatch(text):
        return OutboundRefusal(OutboundRule.INVALID, "Give the number in E.164, such as +493012345678.")
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return OutboundRefusal(OutboundRule.INVALID, "No country has numbers that begin like this.")
    return _refusal(parsed) or Destination(text, _zones(parsed))


def _refusal(parsed: phonenumbers.PhoneNumber) -> OutboundRefusal | None:
    if _is_emergency(parsed):
        return _EMERGENCY
    if not phonenumbers.is_possible_number(parsed):
        return OutboundRefusal(OutboundRule.INVALID, "The number has too many or too few digits for its country.")
    if not phonenumbers.is_valid_number(parsed):
        return OutboundRefusal(OutboundRule.UNALLOCATED, "The numbering plan of its country does not have this number.")
    if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE:
        return OutboundRefusal(OutboundRule.PREMIUM, "Premium-rate numbers are never called.")
    return None


def is_e164(text: str) -> bool:
    """Whether it has the shape of a number in E.164."""
    return _E164.fullmatch(text) is not None


def zones_of(text: str) -> tuple[ZoneInfo, ...]:
    """Time zones in which whoever has this number may be; none where it is no number in E.164, or no plan tells."""
    try:
        return _zones(phonenumbers.parse(text)) if is_e164(text) else ()
    except phonenumbers.NumberParseException:
        return ()


def _is_emergency(parsed: phonenumbers.PhoneNumber) -> bool:
    """Whether it is a country code with an emergency number behind it, which a trunk might take apart."""
    national = phonenumbers.national_significant_number(parsed)
    if len(national) > LONGEST_SHORT:
        return False
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return any(phonenumbers.is_emergency_number(national, region) for region in regions)


def _zones(parsed: phonenumbers.PhoneNumber) -> tuple[ZoneInfo, ...]:
    names = timezone.time_zones_for_number(parsed)
    return tuple(ZoneInfo(name) for name in names if name != timezone.UNKNOWN_TIMEZONE)
