"""Digest authentication of SIP (RFC 3261 22, RFC 7616; SHA-256 by RFC 8760)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_HASHES: dict[str, Callable[[str], str]] = {"MD5": _md5, "SHA-256": _sha256}


def parse_challenge(value: str) -> dict[str, str]:
    """Fields of a WWW-Authenticate or Proxy-Authenticate header, by lower-case name; empty for another scheme."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}


def choose(challenges: Iterable[str]) -> dict[str, str] | None:
    """The first challenge that can be answered: the server puts the one it likes best first (RFC 7616 3.7)."""
    for value in challenges:
        fields = parse_challenge(value)
        if fields.get("nonce") and fields.get("algorithm", "MD5").upper() in _HASHES:
            return fields
    return None


def challenge(realm: str, nonce: str) -> str:
    """Value of the header that asks who somebody is: MD5, since that is what every telephone knows."""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5, qop="auth"'


def proves(value: str, *, method: str, nonce: str, username: str, password: str) -> bool:
    """Whether an Authorization header answers our challenge with this `nonce` by the right user and password."""
    given = parse_challenge(value)
    count = given.get("nc", "")
    if given.get("nonce") != nonce or given.get("username") != username or not re.fullmatch(r"[0-9a-f]{8}", count):
        return False
    expected = authorization(
        {"realm": given.get("realm", ""), "nonce": nonce, "qop": "auth"},
        method=method,
        uri=given.get("uri", ""),
        username=username,
        password=password,
        cnonce=given.get("cnonce", ""),
        count=int(count, 16),
    )
    return parse_challenge(expected)["response"] == given.get("response")


def authorization(
    challenge: dict[str, str], *, method: str, uri: str, username: str, password: str, cnonce: str, count: int = 1
) -> str:
    """Value of the Authorization header that answers `challenge`; qop=auth where it is offered, else as in RFC 2069."""
    algorithm = challenge.get("algorithm", "MD5")
    digest = _HASHES[algorithm.upper()]
    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    secret = digest(f"{username}:{realm}:{password}")
    request = digest(f"{method}:{uri}")
    fields = [
        f'username="{username}"',
        f'realm="{realm}"',
        f'nonce="{nonce}"',
        f'uri="{uri}"',
        f"algorithm={algorithm}",
    ]
    if "auth" in (item.strip() for item in challenge.get("qop", "").split(",")):
        counter = f"{count:08x}"
        answer = digest(f"{secret}:{nonce}:{counter}:{cnonce}:auth:{request}")
        fields += ["qop=auth", f"nc={counter}", f'cnonce="{cnonce}"']
    else:
        answer = digest(f"{secret}:{nonce}:{request}")
    fields.append(f'response="{answer}"')
    if "opaque" in challenge:
        fields.append(f'opaque="{challenge["opaque"]}"')
    return "Digest " + ", ".join(fields)
