"""`hallvakt keys`: the ceremonies for keys that never lie on a box, and the list a box uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.crypto import recipients as recipient_lists
from appliance.adapters.crypto import shares
from appliance.adapters.crypto.private_keys import (
    PrivateKey,
    encode_private_key,
    read_private_key,
)
from appliance.adapters.crypto.public_keys import (
    ROOT,
    PublicKey,
    encode_public_key,
    read_public_key,
)
from appliance.adapters.crypto.recovery import prove_recovery
from appliance.adapters.crypto.signing import fingerprint
from appliance.cli.keys_hosts import app as hosts_app
from appliance.cli.options import DEFAULT_STATE, Json, PassphraseFd, State
from appliance.cli.output import answer
from appliance.cli.passphrase import read_passphrase
from appliance.core.errors import BadInput, NotFound
from appliance.core.keys import RecipientKind
from appliance.services.people import check_passphrase
from appliance.whole_file import create_whole, replace_whole

app = App(name="keys", help="Key ceremonies and recipients.")
root_app = App(name="root", help="The school's root key: it signs the list of recipients.")
reviewer_app = App(name="reviewer", help="A reviewer's key: it opens the archive.")
officer_app = App(name="officer", help="The data protection officer's key: it opens names.")
recovery_app = App(name="recovery", help="The recovery key: five shares, any three give it back.")
recipients_app = App(name="recipients", help="The list of those for whom new keys are sealed.")
for _part in (root_app, reviewer_app, officer_app, recovery_app, recipients_app, hosts_app):
    app.command(_part)

Out = Annotated[Path, Parameter(help="The private key file to write; FILE.pub goes beside it.")]


@root_app.command(name="create")
def root_create(
    *,
    out: Out,
    label: str = "school root",
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Make the school's root key. Do this on a machine without a network."""
    _create(ROOT, label, out, passphrase_fd, as_json=json)


@reviewer_app.command(name="create")
def reviewer_create(
    *, label: str, out: Out, passphrase_fd: PassphraseFd = None, json: Json = False
) -> None:
    """Make a reviewer's key on the reviewer's own machine. Hand only the .pub file on."""
    _create(RecipientKind.REVIEWER.value, label, out, passphrase_fd, as_json=json)


@officer_app.command(name="create")
def officer_create(
    *, label: str, out: Out, passphrase_fd: PassphraseFd = None, json: Json = False
) -> None:
    """Make the data protection officer's key on the officer's own machine."""
    kind = RecipientKind.DATA_PROTECTION_OFFICER.value
    _create(kind, label, out, passphrase_fd, as_json=json)


@recovery_app.command(name="create")
def recovery_create(
    *,
    out_dir: Annotated[Path, Parameter(help="An empty directory for the .pub file and shares.")],
    label: str = "recovery",
    json: Json = False,
) -> None:
    """Make the recovery key. It exists as five shares only, one file each: give every share to
    another person, on paper, and delete the files."""
    key = PrivateKey.generate(RecipientKind.RECOVERY.value, label)
    parts = shares.split(key.seed)
    prove_recovery(key.public(), parts)
    files = _write_shares(out_dir, "recovery", parts)
    public_file = out_dir / "recovery.pub"
    _beside(files, public_file, key.public())
    _say(key.public(), [*files, public_file], as_json=json)


@recovery_app.command(name="combine")
def recovery_combine(
    *share: Path,
    out: Out,
    label: str = "recovery",
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Make a key file for review out of at least three share files."""
    _combine(RecipientKind.RECOVERY.value, label, share, out, passphrase_fd, as_json=json)


@root_app.command(name="split")
def root_split(
    *,
    root: Annotated[Path, Parameter(help="The root's private key file.")],
    out_dir: Annotated[Path, Parameter(help="An empty directory for the five shares.")],
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Write the root key as five shares, any three of which give it back."""
    key = read_private_key(root, read_passphrase(passphrase_fd, f"Passphrase of {root}"))
    key.for_signing()
    _say(key.public(), _write_shares(out_dir, "root", shares.split(key.seed)), as_json=json)


@root_app.command(name="combine")
def root_combine(
    *share: Path,
    out: Out,
    label: str = "school root",
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Make the root's key file again out of at least three share files."""
    _combine(ROOT, label, share, out, passphrase_fd, as_json=json)


@recipients_app.command(name="sign")
def recipients_sign(
    *pub: Path,
    root: Annotated[Path, Parameter(help="The root's private key file.")],
    out: Annotated[Path, Parameter(help="The list to write, e.g. recipients.json.")],
    version: Annotated[
        int | None,
        Parameter(help="Must grow with every list; default: one more than the list in --out."),
    ] = None,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Sign a list of recipients out of their .pub files."""
    if not pub:
        raise BadInput("No public keys are given: name the recipients' .pub files.")
    keys = [read_public_key(path) for path in pub]
    private = read_private_key(root, read_passphrase(passphrase_fd, f"Passphrase of {root}"))
    signer = private.for_signing()
    if version is None:
        version = 1
        if out.exists():
            before = recipient_lists.read_recipients(_read(out), root=signer.public_bytes)
            version = before.version + 1
    content = recipient_lists.sign_recipients(signer, version, keys)
    replace_whole(out, content, 0o644)
    _show(recipient_lists.read_recipients(content, root=signer.public_bytes), as_json=json)


@recipients_app.command(name="show")
def recipients_show(
    file: Path | None = None,
    *,
    root: Annotated[Path | None, Parameter(help="The root's .pub file, for a FILE.")] = None,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Show a box's list, or a FILE's after checking it with the root's .pub file."""
    if file is None:
        found = recipient_lists.load_recipients(state / "keys")
    elif root is None:
        raise BadInput("Name the root's .pub file with --root, so that the list can be checked.")
    else:
        raw = read_public_key(root).raw
        found = recipient_lists.read_recipients(_read(file), root=raw)
    _show(found, as_json=json)


@recipients_app.command(name="install")
def recipients_install(
    file: Path,
    *,
    root: Annotated[
        Path | None, Parameter(help="The root's .pub file; with a box's first list.")
    ] = None,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Put a signed list of recipients into a box. Keys made from then on are sealed for them."""
    if not (state / "keys").is_dir():
        raise NotFound(f"There is no box in {state}: name its state directory with --state.")
    trusted = read_public_key(root) if root is not None else None
    installed = recipient_lists.install_recipients(state / "keys", _read(file), root=trusted)
    _show(installed, as_json=json)


def _create(kind: str, label: str, out: Path, fd: int | None, *, as_json: bool) -> None:
    if out.exists():
        raise BadInput(f"There is already a file {out}: choose another name.")
    key = PrivateKey.generate(kind, label)
    _write_pair(key, out, _new_passphrase(fd, out))
    _say(key.public(), [out, _public_file(out)], as_json=as_json)


def _combine(
    kind: str, label: str, files: tuple[Path, ...], out: Path, fd: int | None, *, as_json: bool
) -> None:
    seed = shares.combine([_read(file).decode(errors="replace") for file in files])
    key = PrivateKey(kind=kind, label=label, seed=seed)
    _write_pair(key, out, _new_passphrase(fd, out))
    _say(key.public(), [out, _public_file(out)], as_json=as_json)


def _new_passphrase(fd: int | None, out: Path) -> str:
    """Raise BadInput for one too short: a key file can be copied and tried for years."""
    passphrase = read_passphrase(fd, f"New passphrase for {out.name}", confirm=True)
    check_passphrase(passphrase)
    return passphrase


def _write_pair(key: PrivateKey, out: Path, passphrase: str) -> None:
    _write_both(out, encode_private_key(key, passphrase), key.public())


def _write_both(out: Path, private: bytes, public: PublicKey) -> None:
    """Both files or none."""
    create_whole(out, private)
    _beside([out], _public_file(out), public)


def _beside(files: Sequence[Path], public_file: Path, public: PublicKey) -> None:
    """Write the public half; without it the other files go too: half a key keeps its name from a
    whole one."""
    try:
        create_whole(public_file, encode_public_key(public))
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def _public_file(out: Path) -> Path:
    return out.with_name(f"{out.name}.pub")


def _write_shares(directory: Path, name: str, parts: tuple[str, ...]) -> list[Path]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise BadInput(f"{directory} is not empty: choose an empty directory.")
    files = [directory / f"{name}-share-{n}.txt" for n in range(1, len(parts) + 1)]
    try:
        for file, words in zip(files, parts, strict=True):
            create_whole(file, words.encode() + b"\n")
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise
    return files


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.") from error


def _say(key: PublicKey, files: list[Path], *, as_json: bool) -> None:
    document = {
        "kind": key.kind,
        "label": key.label,
        "fingerprint": key.fingerprint,
        "files": [str(file) for file in files],
    }
    lines = [*(f"wrote {file}" for file in files), f"fingerprint: {key.fingerprint}"]
    answer(document, lines, as_json=as_json)


def _show(found: recipient_lists.RecipientList, *, as_json: bool) -> None:
    rows = [
        {"kind": r.kind.value, "label": r.label, "fingerprint": fingerprint(r.public_key)}
        for r in found.recipients
    ]
    document = {
        "version": found.version,
        "root_fingerprint": fingerprint(found.root),
        "recipients": rows,
    }
    lines = [
        f"version {found.version}, signed by root {fingerprint(found.root)}",
        *(f"{row['fingerprint']}  {row['kind']}  {row['label']}" for row in rows),
    ]
    answer(document, lines, as_json=as_json)
