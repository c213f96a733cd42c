"""The doctor's look at the certificate, which `hallvakt certificate` and its timer share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from appliance.adapters.host import tls
from appliance.adapters.host.tls import TlsFiles
from appliance.core import checkup_certificate
from appliance.core.checkup import Check


def certificate_check(
    files: TlsFiles,
    names: Sequence[str],
    now: datetime,
    *,
    lan_host: str = "",
    called_public: bool = False,
) -> Check:
    """`names` of the box, the slips' first; `lan_host` is its name on the LAN, or empty. Raises
    WrongConfiguration for a certificate that cannot be read. Looks at no key."""
    seen = tls.read_certificate(files.served_certificate)
    warned_at = lan_host if lan_host and not seen.covers(lan_host) else ""
    return checkup_certificate.certificate(
        tls.served(files, now),
        names,
        names_missing(files, names),
        warned_at=warned_at,
        called_public=called_public,
    )


def names_missing(files: TlsFiles, names: Sequence[str]) -> list[str]:
    """Of the box's `names` those that its certificate has to carry and does not."""
    seen = tls.read_certificate(files.served_certificate)
    carried = [seen.covers(name) for name in names]
    return checkup_certificate.not_carried(names, carried, own=not files.is_public)
