"""Asterisk itself: does it let us in, is it good enough, has it what a call needs."""

from __future__ import annotations

from collections.abc import Mapping

from agent.doctor.capabilities import TRIED, limits, parse_version
from agent.doctor.check import Check, Status, broken, failed, good, warning
from agent.doctor.ports import RunningAgent
from agent.errors import TelephonyError
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_model import AsteriskInfo

NEEDED = (
    "res_http_websocket.so",
    "res_stasis.so",
    "res_stasis_answer.so",
    "res_ari.so",
    "res_ari_applications.so",
    "res_ari_asterisk.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_events.so",
    "app_stasis.so",
    "res_audiosocket.so",
    "chan_audiosocket.so",
)
"""Without one of these no call can be answered."""
ONE_OF = {
    "a bridge": ("bridge_simple.so", "bridge_softmix.so"),
    "a clock": ("res_timing_timerfd.so", "res_timing_pthread.so", "res_timing_kqueue.so", "res_timing_dahdi.so"),
}
"""What is needed → modules of which one is enough."""
USUAL = {
    "chan_pjsip.so": "no SIP telephone or trunk can call",
    "res_pjsip_sdp_rtp.so": "SIP calls have no sound",
    "res_rtp_asterisk.so": "SIP calls have no sound",
    "codec_ulaw.so": "callers with PCMU have no sound",
    "codec_alaw.so": "callers with PCMA have no sound",
    "bridge_softmix.so": "no third party can join a call",
    "pbx_config.so": "extensions.conf is not read",
    "func_callerid.so": "calls out cannot show a number",
    "res_musiconhold.so": "callers who wait for somebody hear nothing",
    "func_hangupcause.so": "a dead trunk is found only when the ringing has timed out",
}
"""Module → what is missed without it, where it is not replaced by something else."""
_SEE_LOG = "see Asterisk's log."
_MODULES_CONF = "load them in modules.conf (`load = NAME`) and restart Asterisk, or install the package that has them."


async def check_ari(ari: AriClient) -> tuple[AsteriskInfo | None, Check]:
    """Whether Asterisk answers and lets us in."""
    try:
        info = await ari.info()
    except GoneError:
        return None, broken(
            "ari", "ari_incomplete", "what answers at asterisk.ari_url has no /ari/asterisk/info",
            "load res_ari_asterisk.so in modules.conf and restart Asterisk, or correct asterisk.ari_url.",
        )  # fmt: skip
    except TelephonyError as error:
        return None, failed("ari", error, _SEE_LOG)
    return info, good("ari", "Asterisk answers and accepts our password")


def check_version(text: str) -> Check:
    """What this version of Asterisk cannot do."""
    version = parse_version(text)
    if version is None:
        return warning(
            "asterisk_version", "version_unknown", f"Asterisk says it is {text!r}, which is no release",
            f"use a release; this software was tried with {TRIED[0]}.{TRIED[1]}.",
        )  # fmt: skip
    found = limits(version)
    told = "; it ".join([f"Asterisk {text}", *(limit.text for limit in found)])
    for status in (Status.BROKEN, Status.WARNING):
        if worst := next((limit for limit in found if limit.status is status), None):
            remedy = f"use Asterisk {TRIED[0]}.{TRIED[1]} or later of branch {TRIED[0]}."
            return Check("asterisk_version", worst.code, status, told, remedy)
    return good("asterisk_version", told)


def check_modules(modules: Mapping[str, str]) -> Check:
    """Whether all runs that a call needs; `modules` is a module's name → its status."""
    running = {name for name, status in modules.items() if status == "Running"}
    missing = [name for name in NEEDED if name not in running]
    missing += [f"{' or '.join(names)} ({what})" for what, names in ONE_OF.items() if not running & set(names)]
    if missing:
        return broken("modules", "module_missing", f"Asterisk does not run {', '.join(missing)}", _MODULES_CONF)
    unusual = [f"{name}: {loss}" for name, loss in USUAL.items() if name not in running]
    if unusual:
        return warning("modules", "module_unusual", f"Asterisk does not run {'; '.join(unusual)}", _MODULES_CONF)
    return good("modules", f"all {len(NEEDED) + len(ONE_OF) + len(USUAL)} modules that calls need are running")


async def check_app(ari: AriClient, running: RunningAgent | None) -> Check:
    """Whether our Stasis application is free, or held by the agent itself."""
    try:
        taken = await ari.application_exists()
    except TelephonyError as error:
        return failed("ari_app", error, _SEE_LOG)
    if running is not None:
        if taken:
            return good("ari_app", f"the running agent holds the Stasis application {ari.app}")
        return broken(
            "ari_app", "app_not_held", f"the running agent does not hold the Stasis application {ari.app}",
            "see its log: it cannot reach this Asterisk, or has another configuration.",
        )  # fmt: skip
    if taken:
        return warning(
            "ari_app", "app_taken", f"another program holds the Stasis application {ari.app}: it gets the calls",
            "stop it before the agent starts, or give asterisk.app another name, here and in the dialplan.",
        )  # fmt: skip
    return good("ari_app", f"the Stasis application {ari.app} is free")
