"""`hallvakt init`: makes a box out of an empty directory."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.host import tls
from appliance.adapters.host.machine import lan_addresses, network_cards
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.store.stores import Stores, open_stores
from appliance.cli import first_people
from appliance.cli.first_people import FirstPerson
from appliance.cli.options import DEFAULT_STATE, Json, PassphraseFd, State
from appliance.cli.output import answer
from appliance.cli.user import second_factor_text, second_factor_uri
from appliance.config import box as box_config
from appliance.config.box import BoxConfig, RelayConfig, WebConfig
from appliance.core.errors import BadInput, Refused
from appliance.core.ids import BoxId
from appliance.services.people import checked_name
from appliance.shared_data import is_shared, make_directory
from appliance.whole_file import unwritable

_DIRECTORIES, _DATA = ("tls", "keys", "live", "run", "log"), ("db", "blobs")
_EVERYWHERE = "0.0.0.0"
_DAY_S = 86_400
_WEB, _RELAY = WebConfig(), RelayConfig()
# A Unix socket's path has at most 107 bytes (unix(7)); `run/media-worker-NN.sock` is the longest.
_LONGEST_STATE = 107 - len("/run/media-worker-99.sock")


def init(
    *,
    lead: str,
    host: str = _EVERYWHERE,
    port: int = _WEB.port,
    relay_port: int = _RELAY.port,
    relay_tls_port: int = _RELAY.tls_port,
    http_port: int = _WEB.http_port,
    lan_name: str = _WEB.lan_name,
    uplink: str = _WEB.uplink,
    name: str = "Hallvakt",
    certificate_name: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    person: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    passphrase_alone: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    no_second_factor: Annotated[bool, Parameter(negative=())] = False,
    check: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    passphrase_fd: PassphraseFd = None,
    json: Json = False,
) -> None:
    """Make a box: state directory, certificate authority, signing key, its first people.

    Parameters
    ----------
    lead
        User name of the first lead invigilator.
    host
        Address to listen on; 0.0.0.0 means every one.
    port
        HTTPS port.
    relay_port
        Port of the relay for live views.
    relay_tls_port
        Port of the relay over TLS.
    http_port
        Port of the page without TLS that explains certificate warnings; 0 for none.
    lan_name
        One word, such as exambox: the box answers to exambox.local by multicast DNS, and its
        certificate carries that name too.
    uplink
        The network card towards the internet, if the box has one of its own for that: nobody
        reaches the box there.
    name
        What the box is called.
    certificate_name
        A name or address under which browsers reach the box; may be given several times. The
        first one stands on the slips.
    person
        NAME=ROLE of somebody else who gets a login, for every exam; may be given several times.
        Their passphrases follow the lead's, one a line, where --passphrase-fd gives them.
    passphrase_alone
        NAME of one of them who has no second factor; may be given several times.
    no_second_factor
        Passphrase alone for the first lead invigilator.
    check
        Only say whether a box can be made so; nothing is made, and no passphrase is asked for.
    """
    lead = checked_name(lead)
    alone = (*passphrase_alone, lead) if no_second_factor else passphrase_alone
    people = first_people.named(lead, person, alone)
    _check_directory(state)
    check_clock(time.time(), Path(__file__).stat().st_mtime)
    check_uplink(uplink, [card.name for card in network_cards()])
    names = certificate_name or _default_names(host, uplink)
    # Else browsers warn whoever goes by that name; the authority can be given it only now.
    by_lan = (f"{lan_name}.local",) if lan_name else ()
    names = tuple(dict.fromkeys((*names, *by_lan)))
    config = box_config.checked(
        BoxConfig(
            box_id=BoxId(SystemRandomness().new_id()),
            name=name,
            web=WebConfig(
                host=host,
                port=port,
                http_port=http_port,
                lan_name=lan_name,
                names=names,
                uplink=uplink,
            ),
            relay=RelayConfig(listen_host=host, port=relay_port, tls_port=relay_tls_port),
        )
    )
    tls.check_names(names)
    if check:
        answer({"state": str(state), "names": list(names)}, "A box can be made so.", as_json=json)
        return
    people = first_people.with_passphrases(people, passphrase_fd)
    _make(state, config, people)
    ca = tls.TlsFiles.below(state / "tls").authority
    url = f"https://{_in_url(names[0])}:{port}"
    document: dict[str, Any] = {
        "box_id": config.box_id,
        "state": str(state),
        "url": url,
        "ca": str(ca),
        "ca_fingerprint": tls.fingerprint(ca),
        "lead": lead,
    }
    lines = [
        f"The box is made in {state}. Start it with `hallvakt serve --state {state}`.",
        f"It will answer at {url}. Browsers need its authority once: {ca}",
        f"Compare the SHA-256 fingerprint: {document['ca_fingerprint']}",
    ]
    document["people"] = [{"name": one.name, "role": one.role.value} for one in people]
    for one, told in zip(people, document["people"], strict=True):
        if one.totp_secret is not None:
            told["totp_uri"] = second_factor_uri(one.name, one.totp_secret)
            lines.append(second_factor_text(one.name, one.totp_secret))
    answer(document, lines, as_json=json)


def _check_directory(state: Path) -> None:
    if len(str(state.absolute()).encode()) > _LONGEST_STATE:
        raise BadInput(
            f"The path {state} is too long: choose one of at most {_LONGEST_STATE} bytes."
        )
    try:
        if state.exists() and any(state.iterdir()):
            raise Refused(f"{state} is not empty: choose an empty directory for a new box.")
    except OSError as error:
        raise BadInput(f"{state} cannot be used ({error.strerror}).") from error


def _make(state: Path, config: BoxConfig, people: Sequence[FirstPerson]) -> None:
    """Everything or nothing."""
    was_there = state.exists()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_shared(state):
            state.chmod(0o700)
        for directory in _DIRECTORIES:
            (state / directory).mkdir(mode=0o700)
        for directory in _DATA:
            make_directory(state / directory)
        SigningKey.generate().save(state / "keys" / "box_signing.pem")
        now = datetime.now(UTC)
        tls.make_authority(state / "tls", config.name, config.web.names, now)
        tls.ensure_certificate(state / "tls", config.web.names, now)
        asyncio.run(_first_people(open_stores(state), config.box_id, people))
        # The configuration is what makes a directory a box, so it comes last.
        box_config.write(state, config)
    except BaseException as error:
        for entry in list(state.iterdir()) if state.exists() else ():
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()
        if not was_there and state.exists():
            state.rmdir()
        if isinstance(error, OSError):
            raise unwritable(state, error) from error
        raise


async def _first_people(stores: Stores, box: BoxId, people: Sequence[FirstPerson]) -> None:
    try:
        await first_people.add(stores, box, people)
    finally:
        await stores.close()


def check_clock(now_s: float, installed_s: float) -> None:
    """Raise BadInput for a clock that is before the day this version was installed: a certificate
    made by it would be worth nothing once the clock is right."""
    if now_s < installed_s - _DAY_S:
        raise BadInput(
            "The clock of this machine is before the day Hallvakt was installed on it: set it "
            "first (timedatectl set-time), and replace the battery of the mainboard."
        )


def check_uplink(named: str, there: Sequence[str]) -> None:
    """Raise BadInput when `named` is none of the cards: a misspelt one closes no card at all."""
    if named and named not in there:
        raise BadInput(
            f"This machine has no network card {named}, but {', '.join(there) or 'none at all'}."
        )


def _default_names(host: str, uplink: str) -> tuple[str, ...]:
    """What browsers on the LAN most likely use; the first one is what the slips say."""
    local = ("localhost", "127.0.0.1")
    if host != _EVERYWHERE:
        return tuple(dict.fromkeys((host, *local)))
    return tuple(
        dict.fromkeys((*lan_addresses(uplink=uplink), socket.gethostname().lower(), *local))
    )


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name
