"""Secrets that the machine hands to a service: systemd credentials (systemd.exec(5)).

`firmware_scripts/make_pepper.sh` makes one, `LoadCredentialEncrypted=` in the gateway's unit has
systemd decrypt it into `$CREDENTIALS_DIRECTORY` for the gateway alone. Bound to the TPM it is worth
nothing on another machine. Where there is no TPM it is only as well kept as the disk, and has
another name, so that nobody takes the one for the other. Without any the pepper is a plain file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.errors import WrongConfiguration
from appliance.core.keys import PepperKeeping

PEPPER, PEPPER_WITHOUT_TPM = "hallvakt-pepper", "hallvakt-pepper-without-tpm"
_NAMES = ((PEPPER, PepperKeeping.TPM), (PEPPER_WITHOUT_TPM, PepperKeeping.HOST))
# Where systemd looks for sealed ones, systemd.exec(5).
STORES = (
    Path("/etc/credstore.encrypted"),
    Path("/run/credstore.encrypted"),
    Path("/usr/lib/credstore.encrypted"),
)
_SHORTEST = 32
_HOW = (
    "Give the service its credential: "
    "`/opt/hallvakt/current/firmware_scripts/make_pepper.sh`, once, as root."
)
WARNINGS: Mapping[PepperKeeping, str] = {
    PepperKeeping.FILE: (
        "WARNING: no machine credential: the pepper of live keys is a plain file. Whoever takes "
        f"this box while an exam is open can try passphrases against it. {_HOW}"
    ),
    PepperKeeping.HOST: (
        "WARNING: this machine has no TPM: the pepper of live keys is bound to a file on its disk. "
        "Whoever takes this box with its disk while an exam is open can try passphrases against "
        "it. Lock the box away, or use a machine with a TPM."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePepper:
    secret: bytes = field(repr=False)
    keeping: PepperKeeping


def machine_pepper(environment: Mapping[str, str] = os.environ) -> MachinePepper | None:
    """The machine's part of every pepper, None where there is none. Reads a file.

    Raises WrongConfiguration for one that is there but too short to be a secret.
    """
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    for name, keeping in _NAMES:
        secret = _read(Path(directory) / name)
        if secret is not None:
            return MachinePepper(secret=secret, keeping=keeping)
    return None


def pepper_keeping(pepper: MachinePepper | None) -> PepperKeeping:
    return PepperKeeping.FILE if pepper is None else pepper.keeping


def sealed_pepper(stores: Sequence[Path] = STORES) -> PepperKeeping | None:
    """How the pepper will be kept when the gateway's unit starts: which sealed file lies ready is
    told by its name. None where whoever asks may not look: mostly root alone may."""
    for name, keeping in _NAMES:
        for store in stores:
            try:
                (store / name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return None
            return keeping
    return PepperKeeping.FILE


def _read(path: Path) -> bytes | None:
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongConfiguration(
            f"The credential {path.name} cannot be read ({error.strerror}): check the service's "
            "credentials."
        ) from error
    if len(secret) < _SHORTEST:
        raise WrongConfiguration(
            f"The credential {path.name} has fewer than {_SHORTEST} bytes: make a new one with "
            "`/opt/hallvakt/current/firmware_scripts/make_pepper.sh`."
        )
    return secret
