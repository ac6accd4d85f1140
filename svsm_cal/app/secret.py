"""The secret for the addresses of personal feeds, from a file or the environment."""

from __future__ import annotations

import os

from svsm_cal.errors import InputError

_SHORTEST = 16


def read_secret(path: str | None) -> bytes | None:
    """Return the secret in a file, or without a file in SVSM_CAL_SECRET; None if there is none.

    Raises InputError for a file that cannot be read, and for a secret that is too short.
    """
    if path is None:
        secret = os.environ.get("SVSM_CAL_SECRET", "").encode("utf-8", "surrogateescape").strip()
        path = "SVSM_CAL_SECRET"
        if not secret:
            return None
    else:
        try:
            with open(path, "rb") as stream:
                secret = stream.read(4096).strip()
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror} (give a file with a long random text)") from error
    if len(secret) < _SHORTEST:
        raise InputError(f"{path}: is shorter than {_SHORTEST} bytes (put a long random text into it)")
    return secret
