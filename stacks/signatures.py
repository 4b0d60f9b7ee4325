"""The setting `einklang:signatureMirror`: where the tenants' virus scanners get their signatures."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from einklang.errors import UserError
from modules.scanner_configuration import SignatureMirror

_KEYS = frozenset({"url", "networks", "databases", "authority"})
_PORTS = {"http": 80, "https": 443}
# It stands in a configuration file and in addresses: nothing but what an address of a server and a folder needs.
_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
# Kinds of signatures that stand in files of their own (ClamAV's manual, "Signatures").
_DATABASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(cdb|fp|hdb|hsb|ign2|ldb|mdb|msb|ndb|sfp|yara)")
_REMEDY = "docs/operators/own-cluster.md, section Virus signatures"


def mirror(value: object) -> SignatureMirror | None:
    """The mirror that the setting names, or None where it is left out. Raises UserError for what is none."""
    if value is None:
        return None
    if not isinstance(value, dict) or not {"url", "networks"} <= value.keys() <= _KEYS:
        raise _wrong("", value, "url and networks; besides them databases and authority")
    url = _url(value["url"])
    return SignatureMirror(
        url=url,
        port=urlsplit(url).port or _PORTS[urlsplit(url).scheme],
        networks=_networks(value["networks"]),
        databases=_databases(value.get("databases", [])),
        authority=_authority(value),
    )


def _url(value: object) -> str:
    expected = "http:// or https://, a name, perhaps a port and a folder; no user, no blanks, no slash at the end"
    if not isinstance(value, str) or not _URL.fullmatch(value):
        # A password in it must not stand in a log.
        raise _wrong(".url", re.sub(r"//.*@", "//…@", str(value)), expected)
    try:
        port = urlsplit(value).port
    except ValueError as error:
        raise _wrong(".url", value, expected) from error
    if port == 0:
        raise _wrong(".url", value, expected)
    return value


def _networks(value: object) -> tuple[str, ...]:
    """As they stand in a NetworkPolicy. All addresses at once are no network of a mirror."""
    expected = 'a list of networks, such as ["192.0.2.10/32"], none of them the whole internet'
    if not isinstance(value, list) or not value:
        raise _wrong(".networks", value, expected)
    try:
        found = [ipaddress.ip_network(each) for each in value if isinstance(each, str) and "/" in each]
    except ValueError as error:
        raise _wrong(".networks", value, expected) from error
    if len(found) != len(value) or any(each.prefixlen == 0 for each in found):
        raise _wrong(".networks", value, expected)
    return tuple(str(each) for each in found)


def _databases(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and _DATABASE.fullmatch(each) for each in value):
        raise _wrong(".databases", value, 'a list of file names, such as ["association.ndb"]')
    return tuple(value)


def _authority(value: Mapping[str, object]) -> str:
    """The certificates of the file that is named."""
    if "authority" not in value:
        return ""
    expected = "a file with the certificates (PEM) of the authority of an https server, and nothing else in it"
    if not str(value["url"]).startswith("https:"):
        raise _wrong(".authority", value["authority"], expected)
    try:
        text = Path(str(value["authority"])).read_text()
        found = x509.load_pem_x509_certificates(text.encode())
    except (OSError, ValueError) as error:
        raise _wrong(".authority", value["authority"], expected) from error
    if not found or "PRIVATE KEY" in text:
        raise _wrong(".authority", value["authority"], expected)
    return text


def _wrong(part: str, value: object, expected: str) -> UserError:
    return UserError(f"einklang:signatureMirror{part} is {value!r}, expected: {expected}", remedy=_REMEDY)
