"""DKIM signatures (RFC 6376), by which receivers can tell a domain's messages from forged ones.

A message is signed once, when it is made: the store has the final bytes. The signature contains no time, so a message always
gets the same one. A message from another domain is refused: receivers would ignore its signature (RFC 7489 section 3.1.1).
"""

from __future__ import annotations

import email.utils
import re
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY_FILE, SELECTOR, DOMAIN = "SVSM_CAL_DKIM_KEY_FILE", "SVSM_CAL_DKIM_SELECTOR", "SVSM_CAL_DKIM_DOMAIN"
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*").fullmatch
_FROM = re.compile(rb"^from:((?:[^\r\n]|\r\n[ \t])*)\r\n", re.MULTILINE | re.IGNORECASE).findall


def read_signer(environ: Mapping[str, str]) -> Callable[[bytes], bytes] | None:
    """Return a function that signs messages as the environment says, None if it names no key.

    Raises:
        UsageError: only some of SVSM_CAL_DKIM_KEY_FILE, _SELECTOR and _DOMAIN are set, or one is invalid.
    """
    given = {name: environ.get(name, "") for name in (KEY_FILE, SELECTOR, DOMAIN)}
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise UsageError(f"{' and '.join(missing)}: not set, but signing needs it (set it, or unset {KEY_FILE})")
    return signer(domain=given[DOMAIN], selector=given[SELECTOR], key_file=given[KEY_FILE])


def signer(*, domain: str, selector: str, key_file: str) -> Callable[[bytes], bytes]:
    """Return a function that adds a DKIM-Signature at the top of a message (needs the extra `dkim`).

    Args:
        domain: the signing domain (`d=`).
        selector: the key's name (`s=`); its public part is in the DNS as `selector._domainkey.domain`.
        key_file: the RSA private key, PEM.

    Raises:
        UsageError: a name or the key file is invalid; from the function: the message is from another domain.
    """
    try:
        import dkim  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("signing needs an extra (run: pip install 'svsm_cal[dkim]')") from None
    for name, what in ((domain, DOMAIN), (selector, SELECTOR)):
        if not _NAME(name):
            raise UsageError(f"{what}: {name!r} is not a DNS name (write one such as example.org)")
    try:
        with open(key_file, "rb") as stream:
            key = stream.read()
        dkim.parse_pem_private_key(key)
    except OSError as error:
        raise UsageError(f"{KEY_FILE}: {key_file}: cannot be read: {error.strerror}") from None
    except Exception:  # noqa: BLE001  any error of its parser; from None: the text may contain the key
        raise UsageError(
            f"{KEY_FILE}: {key_file}: is not an RSA private key in PEM (make one with `openssl genrsa 2048`)"
        ) from None

    class Timeless(dkim.DKIM):  # type: ignore[misc]
        """A signature without its time."""

        def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **named: Any) -> bytes:
            header: bytes = super().gen_header([field for field in fields if field[0] != b"t"], *rest, **named)
            return header

    def sign(message: bytes) -> bytes:
        _check_aligned(message, domain)
        made = Timeless(message, signature_algorithm=b"rsa-sha256", linesep=b"\r\n")
        header: bytes = made.sign(selector.encode(), domain.encode(), key, canonicalize=(b"relaxed", b"relaxed"))
        return header + message

    return sign


def _check_aligned(message: bytes, domain: str) -> None:
    """Raise UsageError unless there is one From, with one address in the domain or a subdomain."""
    fields = _FROM(message[: message.find(b"\r\n\r\n") + 2])
    addresses = email.utils.getaddresses([field.decode("utf-8", "replace") for field in fields])
    if len(addresses) != 1:
        raise UsageError("a message without exactly one From address cannot be signed (give the calendar one organizer)")
    of = addresses[0][1].rpartition("@")[2].lower()
    if of != domain.lower() and not of.endswith(f".{domain.lower()}"):
        raise UsageError(f"{DOMAIN}: is {domain}, but the mail is from {of} (set it to the organizer's domain)")
