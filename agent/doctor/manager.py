"""Asterisk's manager interface: does it let us in, and what does it show of dialplan, telephones and trunks."""

from __future__ import annotations

from collections.abc import Iterable

from agent.doctor.check import Check, failed, good, skipped, warning
from agent.doctor.dialplan import check_dialplan, check_fallback
from agent.errors import TelephonyError
from agent.settings import AsteriskSettings
from agent.telephony.ami_link import AmiLink
from agent.telephony.ami_state import endpoints_of, registrations_of

_RIGHTS = "give the user `read = system,reporting` and `write = system,reporting` in manager.conf."
NO_TRUNKS = "no trunk registers anywhere"
BEHIND_LOGIN = ("dialplan", "fallback", "telephones", "trunks")


async def check_manager(settings: AsteriskSettings, numbers: Iterable[str], fallback: str) -> list[Check]:
    """The login, and what is seen behind it; `fallback` is the context for callers without a place."""
    link = AmiLink(
        settings.ami_host,
        settings.ami_port,
        settings.ami_user,
        settings.ami_password.get_secret_value(),
        timeout_s=settings.request_timeout_s,
    )
    try:
        await link.open()
    except TelephonyError as error:
        return [failed("ami", error, "see Asterisk's log."), *(skipped(name, "ami is broken") for name in BEHIND_LOGIN)]
    try:
        return [
            good("ami", "the manager interface accepts our password"),
            *await _dialplan(link, settings.app, numbers, fallback),
            await _telephones(link),
            await _trunks(link),
        ]
    finally:
        link.close()


async def _dialplan(link: AmiLink, app: str, numbers: Iterable[str], fallback: str) -> list[Check]:
    try:
        steps = list(await link.ask("ShowDialPlan"))
    except TelephonyError as error:
        return [_unseen(name, error) for name in ("dialplan", "fallback")]
    return [check_dialplan(steps, app, numbers), check_fallback(steps, fallback)]


async def _telephones(link: AmiLink) -> Check:
    try:
        listed = endpoints_of(await link.ask("PJSIPShowEndpoints"))
    except TelephonyError as error:
        return _unseen("telephones", error)
    if not listed:
        return warning("telephones", "no_telephones", "no telephone or trunk is configured", "add one to pjsip.conf.")
    return good("telephones", f"{len(listed)} telephones and trunks may call")


async def _trunks(link: AmiLink) -> Check:
    try:
        registrations = registrations_of(await link.ask("PJSIPShowRegistrationsOutbound"))
    except TelephonyError as error:
        if error.code == "ami_refused" and "denied" not in str(error):  # Asterisk's way to say that there are none
            return good("trunks", NO_TRUNKS)
        return _unseen("trunks", error)
    if not registrations:
        return good("trunks", NO_TRUNKS)
    away = [name for name, state in registrations.items() if state.lower() != "registered"]
    if away:
        return warning(
            "trunks", "trunk_not_registered", f"not registered: {', '.join(sorted(away))}",
            "see `pjsip show registrations` in Asterisk's console; check the trunk's address, user and password.",
        )  # fmt: skip
    return good("trunks", f"{len(registrations)} trunks are registered")


def _unseen(name: str, error: TelephonyError) -> Check:
    if "denied" in str(error):
        return warning(name, "ami_denied", f"the manager interface does not show the {name}", _RIGHTS)
    return warning(name, error.code, str(error), "see Asterisk's log.")
