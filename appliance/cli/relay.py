"""`hallvakt relay`: how live views are relayed, for who wants to read it, and its firewall."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.relay import firewall
from appliance.adapters.relay.configuration import render, slot
from appliance.adapters.relay.lint import checked
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config.box import load
from appliance.core.errors import BadInput, Unreachable
from appliance.processes.foundation import own_addresses, relay_plan

app = App(name="relay", help="The relay of live views: its configuration and its firewall.")

_NFT_S = 20.0
_Flag = Annotated[bool, Parameter(negative=())]


@app.command
def config(*, number: int = 0, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Print the configuration that coturn is given, with a word in place of the exam's secret.

    Parameters
    ----------
    number
        Which of the exams that are live at the same time, from 0.
    """
    box = load(state)
    plan = relay_plan(state, box)
    share = slot(plan, number)
    text = checked(
        render(
            plan,
            share,
            secret="NEW-FOR-EACH-EXAM",
            directory=Path("/run/hallvakt-coturn"),
            own_addresses=own_addresses(box),
        )
    )
    document = {
        "relay_address": share.relay_address,
        "port": share.port,
        "tls_port": share.tls_port,
        "media_ports": [share.first_media_port, share.last_media_port],
        "configuration": text.splitlines(),
    }
    answer(document, text.rstrip("\n"), as_json=json)


@app.command(name="firewall")
def firewall_(
    *,
    load_: Annotated[_Flag, Parameter(name="--load")] = False,
    unload: _Flag = False,
    user: str = firewall.RELAY_USER,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Print the nftables rules around the relay, or put them in force.

    Parameters
    ----------
    load_
        Put them in force, in place of earlier ones. Needs the right to change the network.
    unload
        Take them away.
    user
        Whom the relay runs as.
    """
    if load_ and unload:
        raise BadInput("Either --load or --unload, not both.")
    text = firewall.no_rules() if unload else _rules(state, user)
    if load_ or unload:
        _nft(text)
        said = "The relay's limits are in force." if load_ else "The relay's limits are taken away."
        answer({"loaded": load_}, said, as_json=json)
    else:
        answer({"rules": text.splitlines()}, text.rstrip("\n"), as_json=json)


def _rules(state: Path, user: str) -> str:
    config = load(state)
    web = config.web
    ports = [port for port in (web.port, web.http_port) if port]
    return firewall.rules(relay_plan(state, config), user, uplink=web.uplink, ports=ports)


def _nft(text: str) -> None:
    program = shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise Unreachable("The relay's limits need nftables: install the package nftables.")
    done = subprocess.run(
        [program, "-f", "-"], input=text, capture_output=True, text=True, timeout=_NFT_S
    )
    if done.returncode:
        why = next(iter(done.stderr.strip().splitlines()), "no reason given")
        raise Unreachable(f"nftables did not take the relay's limits: {why}. Run this as root.")
