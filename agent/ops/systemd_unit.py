"""The systemd unit of this installation."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from agent.settings import Settings

CLOSE_S = 45
"""After the last call: what is not on disk yet, webhooks under way, the model processes."""
START_S = 300
"""Models are loaded, and on a new machine read for the first time."""
WATCHDOG_S = 30

_UNIT = """\
# {path}
# Made by `phone-agent config systemd`; make it anew when [drain] or [store] change.
[Unit]
Description=Phone Agent
Wants=network-online.target
After=network-online.target asterisk.service postgresql.service
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=notify
NotifyAccess=main
User={user}
ExecStart={program} serve{config}
Environment=XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/cache PHONE_AGENT_LOG__FORMAT=json
StateDirectory=phone-agent
StateDirectoryMode=0700
CacheDirectory=phone-agent
UMask=0077

# Status 2: the configuration cannot work, and trying again does not help.
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2
TimeoutStartSec={start_s}
WatchdogSec={watchdog_s}

# Calls under way finish ({drain_s} s), then they are told goodbye. The model processes must not be told to stop before.
KillMode=mixed
TimeoutStopSec={stop_s}

# Sound goes before other work; a call takes six files.
LimitRTPRIO=1
LimitNOFILE=65536
LimitCORE=0

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
{writable}PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


def unit(settings: Settings, *, config: Path | None, user: str, program: Path | None = None) -> str:
    """Its text. `program`: the command `phone-agent`; None: the one of the Python that runs now."""
    file = settings.store.file
    drain = settings.drain
    return _UNIT.format(
        path="/etc/systemd/system/phone-agent.service",
        user=_escaped(user),
        program=_escaped(str(program or Path(sys.executable).with_name("phone-agent"))),
        config="" if config is None else f" --config {_escaped(str(config.resolve()))}",
        drain_s=math.ceil(drain.timeout_s),
        stop_s=math.ceil(drain.timeout_s + drain.farewell_s) + CLOSE_S,
        start_s=START_S,
        watchdog_s=WATCHDOG_S,
        writable="" if file is None else f"ReadWritePaths={_escaped(str(file.parent))}\n",
    )


def _escaped(text: str) -> str:
    """For a unit file: `%` starts a specifier, spaces and quotes end a word."""
    text = text.replace("%", "%%")
    if any(character in text for character in " \"'\\$"):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
    return text
