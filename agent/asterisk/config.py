"""What a private Asterisk is started with."""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass, field

from agent.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PASSWORD = re.compile(r"[A-Za-z0-9._~+/=!@%^*-]{8,128}")  # none of Asterisk's own marks: ; [ ] ( ) # and no space
_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")


def new_password() -> str:
    """A password that nobody can guess: 192 random bits, safe in Asterisk's files and in a softphone's form."""
    return secrets.token_hex(24)


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP line of a private Asterisk: a provider's, or for tests a program's that plays one."""

    name: str
    host: str
    port: int
    username: str
    """Of Asterisk at the provider, for its registration and where a call is challenged."""
    password: str = field(default_factory=new_password, repr=False)
    registers: bool = True
    """False: the provider knows us by our address alone."""
    outside: bool = False
    """It leads to a real provider, not to a program on this machine."""
    qualify_s: int = 0
    """How often Asterisk asks whether the provider is there; 0: never."""

    def __post_init__(self) -> None:
        checked_name("trunk name", self.name)
        if self.username or not self.outside:
            checked_user("trunk user", self.username)
            checked_password("trunk password", self.password)
        elif self.registers:
            raise ConfigurationError(f"The trunk {self.name} cannot register without a username.")
        if not _HOST.fullmatch(self.host):
            raise ConfigurationError(f"{self.host!r} is no host name or IPv4 address for a trunk.")
        if not 0 <= self.qualify_s <= 3600:
            raise ConfigurationError(f"qualify_s = {self.qualify_s} goes from 0 (never) to 3600.")


@dataclass(frozen=True, slots=True)
class AsteriskConfig:
    """Addresses, ports and passwords of a private Asterisk.

    Raises ConfigurationError where a value could change the meaning of a configuration file.
    """

    sip_bind: str = "127.0.0.1"
    """IPv4 address for SIP and sound; 0.0.0.0 for all of this machine's."""
    sip_port: int = 0
    """UDP and TCP; 0 takes any free port, as for the other two."""
    ari_port: int = 0
    """On 127.0.0.1 always: whoever reaches it needs only the password."""
    ami_port: int = 0
    """On 127.0.0.1 always."""
    rtp_start: int = 10000
    rtp_end: int = 19999
    """Last port for sound. Several instances may share a range: Asterisk skips ports in use."""
    app: str = "phone-agent"
    """Name of the Stasis application that callers are handed to."""
    ari_user: str = "phone-agent"
    ari_password: str = field(default_factory=new_password, repr=False)
    ami_user: str = "phone-agent"
    ami_password: str = field(default_factory=new_password, repr=False)
    phone_user: str = "phone"
    """The softphone that may register."""
    phone_password: str = field(default_factory=new_password, repr=False)
    insecure_callers: bool = False
    """Take calls from 127.0.0.1 without a password: for rehearsals, benchmarks and tests, on loopback only."""
    trunks: tuple[Trunk, ...] = ()

    def __post_init__(self) -> None:
        for what in ("app", "ari_user", "ami_user", "phone_user"):
            checked_name(what, getattr(self, what))
        for what in ("ari_password", "ami_password", "phone_password"):
            checked_password(what, getattr(self, what))
        for what in ("sip_port", "ari_port", "ami_port"):
            if not 0 <= getattr(self, what) <= 65535:
                raise ConfigurationError(f"{what} = {getattr(self, what)} is no port: it goes from 0 (any) to 65535.")
        if not 1024 <= self.rtp_start < self.rtp_end <= 65535:
            raise ConfigurationError(f"rtp_start = {self.rtp_start}, rtp_end = {self.rtp_end} is no range of ports.")
        try:
            loopback = ipaddress.IPv4Address(self.sip_bind).is_loopback
        except ValueError:
            raise ConfigurationError(f"sip_bind = {self.sip_bind!r} is no IPv4 address.") from None
        if self.insecure_callers and not loopback:
            raise ConfigurationError(
                f"insecure_callers needs sip_bind on loopback, not {self.sip_bind}: strangers could call in."
            )
        reserved = {"caller", "rehearsal", "global", "system", "udp", "tcp"}
        names = [self.phone_user, *(trunk.name for trunk in self.trunks)]
        if reserved & set(names) or len(names) != len(set(names)):
            raise ConfigurationError(f"The names of telephone and trunks must differ, and from {sorted(reserved)}.")


def checked_name(what: str, value: str) -> str:
    """The value, where it can be a section's name; otherwise raises ConfigurationError."""
    if not _NAME.fullmatch(value):
        raise ConfigurationError(f"{what} = {value!r} may hold only letters, digits, - and _ (at most 64).")
    return value


def checked_user(what: str, value: str) -> str:
    """The value, where it can be the user of a SIP address; otherwise raises ConfigurationError."""
    if not _USER.fullmatch(value):
        raise ConfigurationError(f"{what} = {value!r} may hold only letters, digits and ._+- (at most 64).")
    return value


def checked_password(what: str, value: str) -> str:
    """The value, where Asterisk's files can hold it; otherwise raises ConfigurationError, without showing it."""
    if not _PASSWORD.fullmatch(value):
        raise ConfigurationError(f"{what} may hold only letters, digits and ._~+/=!@%^*- (8 to 128 of them).")
    return value
