"""The nftables rules around the relay, as text. Pure.

coturn speaks to everybody on the LAN; its own rules say whom it relays to. These say it again from
outside: whoever takes the process over can send to the relay's own address and answer those who
came, and to nobody else, neither on the LAN nor beyond. And the relay address, which lies on the
loopback device, is reached from no cable: Linux would otherwise accept packets for any address it
has on any device it has (the "weak host model", CVE-2026-34205 elsewhere).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address

from appliance.adapters.relay.configuration import RelayPlan, slot
from appliance.core.errors import BadInput

TABLE = "hallvakt"
RELAY_USER = "hallvakt-relay"
_FAMILY = "inet"
_CARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}\Z")
_USER = re.compile(r"[a-z0-9_][a-z0-9_-]{0,31}\Z")


def rules(
    plan: RelayPlan, user: str = RELAY_USER, *, uplink: str = "", ports: Sequence[int] = ()
) -> str:
    """What `nft -f -` loads in one step, in place of an earlier table of this name.

    `user` is the relay's, by name or number. On the card `uplink` nobody reaches `ports` (the box's
    own) nor the relay's. Raises WrongConfiguration for a plan that cannot work,
    BadInput for what is no user's name.
    """
    if not _USER.match(user):
        raise BadInput(f"{user!r} is no user's name.")
    if uplink and not _CARD.match(uplink):
        raise BadInput(f"{uplink!r} is no network card's name.")
    shares = [slot(plan, number) for number in range(plan.exams_at_once)]
    first, last = (IPv4Address(shares[n].relay_address) for n in (0, -1))
    addresses = f"{first}-{last}" if first != last else str(first)
    media = f"{shares[0].first_media_port}-{shares[-1].last_media_port}"
    closed = sorted({*ports, *(p for s in shares for p in (s.port, s.tls_port) if p)})
    listed = ", ".join(map(str, closed))
    apart = (
        f'    iifname "{uplink}" meta l4proto {{ tcp, udp }} th dport {{ {listed} }} counter drop\n'
        if uplink and closed
        else ""
    )
    return f"""\
table {_FAMILY} {TABLE}
delete table {_FAMILY} {TABLE}
table {_FAMILY} {TABLE} {{
  chain output {{
    type filter hook output priority filter; policy accept;
    meta skuid "{user}" jump relay
  }}
  chain relay {{
    ct state established accept
    oifname "lo" ip daddr {addresses} udp dport {media} accept
    counter reject with icmpx type admin-prohibited
  }}
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname != "lo" ip daddr {addresses} counter drop
{apart}  }}
}}
"""


def no_rules() -> str:
    """Takes the table away, also where there is none."""
    return f"table {_FAMILY} {TABLE}\ndelete table {_FAMILY} {TABLE}\n"
