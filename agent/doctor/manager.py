"""Asterisk's manager interface: does it let us in, and what does it show of dialplan, telephones and trunks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from agent.doctor.check import Check, failed, good, skipped, warning
from agent.doctor.dialplan import check_dialplan, check_fallback
from agent.doctor.trunks import check_trunk, knows_host, trunk_check
from agent.errors import TelephonyError
from agent.settings import AsteriskSettings, TrunkSettings
from agent.telephony.ami_link import AmiLink
from agent.telephony.ami_look import Lines, look
from agent.telephony.ami_state import Registration
from agent.telephony.trunk_states import states_of

_RIGHTS = "give the user `read = system,reporting` and `write = system,reporting` in manager.conf."
NO_TRUNKS, NO_OTHERS = "no trunk registers anywhere", "no trunk but those below registers anywhere"
BEHIND_LOGIN = ("dialplan", "fallback", "telephones", "trunks")


async def check_manager(
    settings: AsteriskSettings, numbers: Iterable[str], fallback: str, trunks: Mapping[str, TrunkSettings]
) -> list[Check]:
    """The login, and what is seen behind it; `fallback` is the context for callers without a place, `trunks` are those
    of the configuration.
    """
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
        names = (*BEHIND_LOGIN, *map(trunk_check, trunks))
        return [failed("ami", error, "see Asterisk's log."), *(skipped(name, "ami is broken") for name in names)]
    try:
        return [
            good("ami", "the manager interface accepts our password"),
            *await _dialplan(link, settings.app, numbers, fallback),
            *await _lines(link, trunks),
        ]
    finally:
        link.close()


async def _dialplan(link: AmiLink, app: str, numbers: Iterable[str], fallback: str) -> list[Check]:
    try:
        steps = list(await link.ask("ShowDialPlan"))
    except TelephonyError as error:
        return [_unseen(name, error) for name in ("dialplan", "fallback")]
    return [check_dialplan(steps, app, numbers), check_fallback(steps, fallback)]


async def _lines(link: AmiLink, trunks: Mapping[str, TrunkSettings]) -> list[Check]:
    try:
        lines = await look(link)
    except TelephonyError as error:
        return [_unseen(name, error) for name in ("telephones", "trunks", *map(trunk_check, trunks))]
    unseen = lines.denied & {"PJSIPShowEndpoints", "PJSIPShowRegistrationsOutbound"}
    if unseen:
        return [_denied(name) for name in ("telephones", "trunks", *map(trunk_check, trunks))]
    states = states_of(trunks, lines.endpoints, lines.trunks)
    return [
        _telephones(lines),
        _others(lines, {trunk.endpoint for trunk in trunks.values()}),
        *[check_trunk(one, trunks[one.name], host_known=await knows_host(trunks[one.name].host)) for one in states],
    ]


def _telephones(lines: Lines) -> Check:
    if not lines.endpoints:
        return warning("telephones", "no_telephones", "no telephone or trunk is configured", "add one to pjsip.conf.")
    return good("telephones", f"{len(lines.endpoints)} telephones and trunks may call")


def _others(lines: Lines, ours: Collection[str]) -> Check:
    """Trunks that Asterisk has and our configuration does not name: calls come in over them."""
    registering = [one for one in lines.trunks if one.registration is not Registration.NONE and one.name not in ours]
    if not registering:
        return good("trunks", NO_OTHERS if ours else NO_TRUNKS)
    away = [trunk.name for trunk in registering if trunk.registration is not Registration.REGISTERED]
    if away:
        return warning(
            "trunks", "trunk_not_registered", f"not registered: {', '.join(away)}",
            "see `pjsip show registrations` in Asterisk's console; check the trunk's address, user and password.",
        )  # fmt: skip
    return good("trunks", f"{len(registering)} trunks are registered")


def _unseen(name: str, error: TelephonyError) -> Check:
    if "denied" in str(error):
        return _denied(name)
    return warning(name, error.code, str(error), "see Asterisk's log.")


def _denied(name: str) -> Check:
    return warning(name, "ami_denied", f"the manager interface does not show the {name}", _RIGHTS)
