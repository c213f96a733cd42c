"""`hallvakt keys hosts`: stores in the EU/EEA that tell no location, by the school root's word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.crypto import trusted_hosts as lists
from appliance.adapters.crypto.private_keys import read_private_key
from appliance.cli.options import DEFAULT_STATE, Json, PassphraseFd, State
from appliance.cli.output import answer
from appliance.cli.passphrase import read_passphrase
from appliance.core.errors import NotFound, Unreachable
from appliance.whole_file import replace_whole

app = App(name="hosts", help="Stores that tell no location and lie in the EU/EEA all the same.")


@app.command
def sign(
    *host: str,
    root: Annotated[Path, Parameter(help="The root's private key file.")],
    out: Annotated[Path, Parameter(help="The list to write, e.g. trusted_hosts.json.")],
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Sign the whole list; without a HOST, one that takes all trust back."""
    private = read_private_key(root, read_passphrase(passphrase_fd, f"Passphrase of {root}"))
    signer = private.for_signing()
    version = 1
    if out.exists():
        version = 1 + lists.read_trusted_hosts(_read(out), root=signer.public_bytes).version
    content = lists.sign_trusted_hosts(signer, version, host)
    replace_whole(out, content, 0o644)
    _show(lists.read_trusted_hosts(content, root=signer.public_bytes), as_json=json)


@app.command
def install(file: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Put a signed list into a box. What it does not name is no longer believed."""
    if not (state / "keys").is_dir():
        raise NotFound(f"There is no box in {state}: name its state directory with --state.")
    _show(lists.install_trusted_hosts(state / "keys", _read(file)), as_json=json)


@app.command
def show(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Show a box's list."""
    _show(lists.load_trusted_hosts(state / "keys"), as_json=json)


def _show(found: lists.TrustedHosts, *, as_json: bool) -> None:
    lines = [f"Version {found.version}.", *found.hosts] if found.version else ["No list is here."]
    answer({"version": found.version, "hosts": list(found.hosts)}, lines, as_json=as_json)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from error
