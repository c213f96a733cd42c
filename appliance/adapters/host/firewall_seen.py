"""What the firewall in force says, as far as this process may read it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

_NFT_S = 10.0
_CLOSED = re.compile(r'iifname "([^"]+)" .*\bdrop$')


def closed_cards(table: str) -> set[str] | None:
    """Network cards on which a rule of the nftables table (family inet) drops who comes.

    None where this process may not read the rules (only root may) or nftables is not installed.
    """
    listing = _listed(table)
    return None if listing is None else named_in(listing)


def is_in_force(table: str) -> bool | None:
    """Whether there is such a table. None as above."""
    listing = _listed(table)
    return None if listing is None else bool(listing.strip())


def _listed(table: str) -> str | None:
    """Nothing where there is no such table."""
    nft = shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if nft is None or os.geteuid() != 0:
        return None
    try:
        done = subprocess.run(
            [nft, "list", "table", "inet", table], capture_output=True, text=True, timeout=_NFT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout


def named_in(listing: str) -> set[str]:
    """The cards that `nft list table` names as closed."""
    lines = (line.strip() for line in listing.splitlines())
    return {found[1] for line in lines if (found := _CLOSED.match(line))}
