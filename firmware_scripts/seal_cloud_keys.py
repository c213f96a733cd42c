#!/usr/bin/env python3
"""Makes the files with the keys of the cloud encrypted credentials of this machine, as root:

    firmware_scripts/seal_cloud_keys.py [--state DIR] [--store DIR]

Each file that [cloud] of box.toml names (`credentials_file`, `records_uri_file`, and the same of
verifier and eraser) is encrypted by systemd-creds into the store, read back, and overwritten and
removed; box.toml then says `credential:NAME`. With a TPM it is bound to it; without one to a key on
the same disk, which keeps it from the gateway and from backups, but not from who takes the disk.
Run again after a cut, it goes on; for a new key, name its file in box.toml again and run this.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

KEYS = tuple(
    f"{who}{what}_file"
    for who in ("", "verifier_", "eraser_")
    for what in ("credentials", "records_uri")
)
NO_TPM = """\
WARNING: this machine has no TPM. The keys will be bound to a file on its disk: the gateway and
backups do not have them any more, but whoever takes the box WITH its disk does. Encrypt the disk.
"""


class Stop(Exception):
    """What is wrong, for a person."""


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--state", type=Path, default=Path("/var/lib/hallvakt"))
    options.add_argument("--store", type=Path, default=Path("/etc/credstore.encrypted"))
    given = options.parse_args()
    if shutil.which("systemd-creds") is None:
        sys.stderr.write("systemd-creds is missing: this needs systemd 250 or later.\n")
        return 5
    try:
        seal_all(given.state, given.store)
    except (Stop, OSError, tomllib.TOMLDecodeError, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 3
    return 0


def seal_all(state: Path, store: Path) -> None:
    """In this order, so that a cut anywhere loses no key: sealed and read back, then the plain
    files go, then box.toml says so."""
    box = state / "box.toml"
    text = box.read_text("utf-8")
    cloud = tomllib.loads(text).get("cloud", {})
    named = {
        key: state / cloud[key]
        for key in KEYS
        if key in cloud and not cloud[key].startswith("credential:")
    }
    if not named:
        raise Stop(f"{box} names no file with a key of the cloud: there is nothing to do.")
    # One file is one credential, whoever uses it: the box tells one login from two by their names.
    names: dict[Path, str] = {}
    for key, file in named.items():
        names.setdefault(file, name_of(key))
    after = with_credentials(text, {key: names[file] for key, file in named.items()})
    for file, name in names.items():
        if not file.exists() and not (store / name).exists():
            raise Stop(f"There is no {file}, which box.toml names: nothing was changed.")
    tpm = has_tpm()
    if not tpm:
        sys.stderr.write(NO_TPM)
    os.umask(0o077)
    store.mkdir(exist_ok=True)
    owner = as_owner_of(state)
    plain = {file: name for file, name in names.items() if file.exists()}
    for file, name in plain.items():
        content = answer([*owner, "cat", "--", str(file)])
        seal(content, store / name, "host+tpm2" if tpm else "host")
        say(f"{store / name} is made of {file}.")
    for file in plain:
        answer([*owner, "shred", "--remove", "--", str(file)])
        say(f"{file}: overwritten and removed. A solid-state disk may keep blocks of it.")
    put(box, after)
    say(f"{box} names the credentials. The night has them from its next round on; what is typed")
    say("gets them by firmware_scripts/with_cloud_keys.sh. The school keeps copies of its own.")


def name_of(key: str) -> str:
    return "hallvakt-cloud-" + key.removesuffix("_file").replace("_", "-")


def with_credentials(text: str, named: dict[str, str]) -> str:
    """box.toml with the names in place of the files, and nothing else changed."""
    wanted = tomllib.loads(text)
    for key, name in named.items():
        said = f'{key} = "credential:{name}"'
        text = re.sub(rf"(?m)^[ \t]*{key}[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')", said, text)
        wanted["cloud"][key] = f"credential:{name}"
    if tomllib.loads(text) != wanted:
        raise Stop("Give each key in [cloud] of box.toml a line of its own: nothing was changed.")
    return text


def has_tpm() -> bool:
    """By the kernel, as make_pepper.sh asks, and says why."""
    version = Path("/sys/class/tpm/tpm0/tpm_version_major")
    return version.exists() and version.read_text().strip() == "2"


def as_owner_of(state: Path) -> list[str]:
    """Before a command that touches files box.toml names: what its owner may not read or take away,
    a file that he names does not make root do."""
    owner = state.stat().st_uid
    return [] if owner == os.geteuid() else ["runuser", "-u", pwd.getpwuid(owner).pw_name, "--"]


def seal(content: bytes, credential: Path, with_key: str) -> None:
    called = f"--name={credential.name}"
    encrypt = ["systemd-creds", "encrypt", f"--with-key={with_key}", called, "-", "-"]
    handle, unfinished = tempfile.mkstemp(dir=credential.parent, prefix=".unfinished-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(answer(encrypt, content))
            out.flush()
            os.fsync(out.fileno())
        if answer(["systemd-creds", "decrypt", called, unfinished, "-"]) != content:
            raise Stop(f"{credential.name} does not come back as it was: nothing was removed.")
        os.replace(unfinished, credential)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    sync(credential.parent)


def put(file: Path, text: str) -> None:
    """In one step, for the same owner with the same mode."""
    before = file.stat()
    handle, new = tempfile.mkstemp(dir=file.parent, prefix=".box.toml-")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fchown(out.fileno(), before.st_uid, before.st_gid)
        os.fchmod(out.fileno(), before.st_mode & 0o777)
        os.fsync(out.fileno())
    os.replace(new, file)
    sync(file.parent)


def answer(command: list[str], given: bytes = b"") -> bytes:
    return subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE).stdout


def sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
