"""The private folder of one running Asterisk."""

from __future__ import annotations

import resource
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk.canary import write_canary
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.prefix import Prefix
from agent.asterisk.render import fill_in, render, write_private
from agent.resources import shipped

_LONGEST_SOCKET_PATH = 107  # bytes, of a Unix socket: sun_path of Linux less its closing zero
_MAX_FILES = 65536
"""Descriptors that Asterisk asks for; a call takes about 6."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where this instance keeps what. Nobody but its owner can look inside (0700)."""

    run_dir: Path
    sockets: Path
    """Inside the run folder, or a folder of its own where that path is too long for a socket."""

    @classmethod
    def create(cls, run_dir: Path) -> Layout:
        """Make the folders."""
        run_dir = run_dir.resolve()
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run_dir.chmod(0o700)
        for name in ("etc/pjsip.d", "state/keys", "spool", "log"):
            (run_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        sockets = run_dir / "sockets"
        if len(bytes(sockets / "asterisk.ctl")) > _LONGEST_SOCKET_PATH:
            sockets = Path(tempfile.mkdtemp(prefix="phone-agent-"))
        sockets.mkdir(mode=0o700, exist_ok=True)
        return cls(run_dir, sockets)

    @property
    def main_config(self) -> Path:
        """The file that names all other places."""
        return self.run_dir / "etc/asterisk.conf"

    @property
    def log(self) -> Path:
        """What Asterisk says: notices, warnings, errors, and why it did not start."""
        return self.run_dir / "log/console.log"

    @property
    def notify_socket(self) -> Path:
        """Where Asterisk tells that it has booted."""
        return self.sockets / "notify"

    def write_configuration(self, prefix: Prefix, config: AsteriskConfig) -> None:
        """Fill in the shipped templates for this instance."""
        templates = shipped("asterisk-config")
        values = self._values(prefix, config)
        files = render(templates, values)
        if config.sip_bind != "0.0.0.0":  # noqa: S104 -- compared, not bound
            files["pjsip.d/sound.conf"] = fill_in((templates / "one-address/sound.conf").read_text("utf-8"), values)
        if config.insecure_callers:
            files["pjsip.d/callers.conf"] = (templates / "rehearsal/callers.conf").read_text("utf-8")
        for trunk in config.trunks:
            files[f"pjsip.d/trunk-{trunk.name}.conf"] = trunk_file(templates, trunk)
        for old in (self.run_dir / "etc/pjsip.d").glob("*.conf"):
            old.unlink()
        write_private(self.run_dir / "etc", files)
        write_canary(self.run_dir / "bin", prefix)

    def remove_sockets(self) -> None:
        """Take away what would be left over outside the run folder."""
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _values(self, prefix: Prefix, config: AsteriskConfig) -> dict[str, str]:
        hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        limits = [_MAX_FILES] if hard_limit == resource.RLIM_INFINITY else [_MAX_FILES, hard_limit]
        return {
            "ETC_DIR": str(self.run_dir / "etc"),
            "STATE_DIR": str(self.run_dir / "state"),
            "SPOOL_DIR": str(self.run_dir / "spool"),
            "LOG_DIR": str(self.run_dir / "log"),
            "SOCKET_DIR": str(self.sockets),
            "SBIN_DIR": str(self.run_dir / "bin"),
            "MODULES_DIR": str(prefix.libraries / "asterisk/modules"),
            "DATA_DIR": str(prefix.root / "usr/share/asterisk"),
            "MUSIC_DIR": str(shipped("asterisk-config") / "music"),
            "SYSTEM_NAME": "phone-agent",
            "MAX_FILES": str(min(limits)),
            "HTTP_BIND": "127.0.0.1",
            "ARI_PORT": str(config.ari_port),
            "ARI_USER": config.ari_user,
            "ARI_PASSWORD": config.ari_password,
            "AMI_BIND": "127.0.0.1",
            "AMI_PORT": str(config.ami_port),
            "AMI_USER": config.ami_user,
            "AMI_PASSWORD": config.ami_password,
            "SIP_BIND": config.sip_bind,
            "SIP_PORT": str(config.sip_port),
            "RTP_START": str(config.rtp_start),
            "RTP_END": str(config.rtp_end),
            "APP": config.app,
            "PHONE_USER": config.phone_user,
            "PHONE_PASSWORD": config.phone_password,
        }


def trunk_file(templates: Path, trunk: Trunk) -> str:
    """What Asterisk is told of one line; `templates` is `asterisk-config`."""
    folder = templates / ("provider" if trunk.outside else "rehearsal")
    values = {
        "TRUNK": trunk.name,
        "TRUNK_HOST": trunk.host,
        "TRUNK_PORT": str(trunk.port),
        "TRUNK_USER": trunk.username,
        "TRUNK_PASSWORD": trunk.password,
        "TRUNK_QUALIFY_S": str(trunk.qualify_s),
    }
    line = "trunk.conf"
    if trunk.outside:
        line = "known-by-password.conf" if trunk.username else "known-by-address.conf"
    parts = (line, "registration.conf") if trunk.registers else (line,)
    return "\n".join(fill_in((folder / part).read_text("utf-8"), values) for part in parts)
