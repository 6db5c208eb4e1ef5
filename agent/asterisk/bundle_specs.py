"""What is taken from Debian, and what is not, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SUITE = "forky"
"""The first suite of Debian with Asterisk 22 in a usable state."""

_USELESS: Mapping[str, str] = {
    "libc-gconv-modules-extra": "converts character sets that no call uses",
    "openssl-provider-legacy": "ciphers that are no longer safe",
    "python3*": "helper scripts of the package, which we do not run",
}
_MANUALS = ("./usr/share/man", "./usr/share/locale", "./usr/share/lintian", "./usr/share/bug")
_DOCUMENTS = ("./usr/share/doc", *_MANUALS)
_SYSTEM = ("./etc", "./var", "./lib/systemd", "./usr/lib/systemd", "*/gconv", "./usr/share/perl*")


@dataclass(frozen=True, slots=True)
class BundleSpec:
    """A set of packages that are unpacked into one folder."""

    name: str
    title: str
    """For people."""
    packages: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Names of needed packages (with `*`) → why they are not needed here."""
    exclude: tuple[str, ...] = ()
    """Files that are not unpacked, as tar patterns."""
    links: tuple[tuple[str, str], ...] = ()
    """Symbolic links that the packages' own scripts would make: path and target."""
    version: tuple[str, str] = ("", "")
    """A package and how its version must begin, epoch left out."""
    program: str = ""
    """Path of the program that must find all its libraries."""
    modules: str = ""
    """Folder of the modules of the shipped modules.conf, which must find theirs."""


ASTERISK = BundleSpec(
    name="asterisk",
    title="Asterisk 22",
    packages=("asterisk", "asterisk-core-sounds-en-gsm"),
    left_out={
        **_USELESS,
        "adduser": "makes a system user; we run as whoever starts us",
        "asterisk-config": "we ship a configuration of our own",
        "libcodec2-*": "codec_codec2.so is not loaded",
        "libcurl4*": "func_curl.so, res_curl.so are not loaded: Asterisk fetches nothing",
        "libglib2.0-*": "res_http_post.so is not loaded",
        "libgmime-*": "res_http_post.so is not loaded",
        "libical*": "res_calendar*.so are not loaded",
        "libneon*": "res_calendar*.so are not loaded",
        "libiksemel*": "res_xmpp.so, chan_motif.so are not loaded",
        "libjack-*": "app_jack.so is not loaded",
        "libresample*": "app_jack.so is not loaded",
        "libjwt*": "res_stir_shaken.so is not loaded",
        "libldap*": "res_config_ldap.so is not loaded",
        "liblua*": "pbx_lua.so is not loaded",
        "libodbc*": "no database of Asterisk's is used",
        "libpq*": "no database of Asterisk's is used",
        "libsybdb*": "no database of Asterisk's is used",
        "libogg*": "format_ogg_*.so are not loaded",
        "libopus*": "codec_opus*.so, format_ogg_opus*.so are not loaded: calls are PCMU or PCMA",
        "libvorbis*": "format_ogg_vorbis.so is not loaded",
        "libspeex*": "codec_speex.so, func_speex.so are not loaded",
        "libopencore-amr*": "codec_amr.so is not loaded",
        "libvo-amrwbenc*": "codec_amr.so is not loaded",
        "libportaudio*": "chan_console.so is not loaded",
        "libradcli*": "cdr_radius.so, cel_radius.so are not loaded",
        "libsnmp*": "res_snmp.so is not loaded; it would bring Perl",
        "libspandsp*": "res_fax_spandsp.so is not loaded",
        "libunbound*": "res_resolver_unbound.so is not loaded",
    },
    exclude=(*_DOCUMENTS, *_SYSTEM, "./usr/share/asterisk/phoneprov", "./usr/share/asterisk/firmware"),
    links=(("usr/share/asterisk/sounds/en", "en_US_f_Allison"),),
    version=("asterisk", "22."),
    program="usr/sbin/asterisk",
    modules="asterisk/modules",
)
SIPP = BundleSpec(
    name="sipp",
    title="SIPp, the test caller",
    packages=("sip-tester",),
    left_out=_USELESS,
    exclude=(*_DOCUMENTS, *_SYSTEM),
    program="usr/bin/sipp",
)
PROMPTS = BundleSpec(
    name="prompts",
    title="recorded prompts with their texts",
    packages=("asterisk-core-sounds-en", "asterisk-core-sounds-en-wav"),
    left_out={"asterisk-core-sounds-en-gsm": "the same recordings, compressed"},
    exclude=_MANUALS,
)
VOICES = BundleSpec(
    name="voices",
    title="recorded readers with their texts",
    packages=("pocketsphinx-testdata",),
    exclude=_MANUALS,
)
MUSIC = BundleSpec(
    name="music",
    title="hold music",
    packages=("asterisk-moh-opsound-wav",),
    exclude=_MANUALS,
)
FLITE = BundleSpec(
    name="flite",
    title="four more synthetic voices",
    packages=("flite",),
    left_out=_USELESS,
    exclude=(*_DOCUMENTS, *_SYSTEM),
    program="usr/bin/flite",
)
SPECS = {spec.name: spec for spec in (ASTERISK, SIPP, PROMPTS, VOICES, MUSIC, FLITE)}
