"""Secrets that the machine hands to a service: systemd credentials (systemd.exec(5)).

`systemd-creds encrypt --with-key=host+tpm2` binds such a credential to this machine's TPM; systemd
decrypts it into `$CREDENTIALS_DIRECTORY` for the gateway alone. Where no TPM is, a credential is
only as well kept as the disk, and without a credential the pepper is a plain file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from appliance.core.errors import WrongConfiguration

PEPPER = "hallvakt-pepper"
_SHORTEST = 32
PLAIN_PEPPER_WARNING = (
    "WARNING: no machine credential: the pepper of live keys is a plain file. Whoever takes this "
    "box while an exam is open can try passphrases against it. Give the service the credential "
    f"{PEPPER} (systemd-creds, bound to the TPM)."
)


def machine_pepper(environment: Mapping[str, str] = os.environ) -> bytes | None:
    """The machine's part of every pepper, None where there is none. Reads a file.

    Raises WrongConfiguration for one that is there but too short to be a secret.
    """
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    try:
        secret = (Path(directory) / PEPPER).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongConfiguration(
            f"The credential {PEPPER} cannot be read ({error.strerror}): check the service's "
            "credentials."
        ) from error
    if len(secret) < _SHORTEST:
        raise WrongConfiguration(
            f"The credential {PEPPER} has fewer than {_SHORTEST} bytes: make a new one from "
            "random bytes."
        )
    return secret
