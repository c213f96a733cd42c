"""`hallvakt certificate`: what the box serves with, and what the school's machines need for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cyclopts import App

from appliance.adapters.host import tls
from appliance.adapters.host.certificate_keeper import check_served
from appliance.adapters.host.tls import TlsFiles
from appliance.adapters.host.trust_files import trust_files
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config.box import load
from appliance.core.checkup import Check, CheckStatus
from appliance.core.checkup_certificate import whole_days
from appliance.core.errors import Unreachable
from appliance.processes.checkup_certificate import certificate_check, names_missing
from appliance.whole_file import replace_whole, unwritable

_NONE = b"none"  # of hallvakt-certificate.service, SetCredential=
app = App(name="certificate", help="The box's certificate, and files for IT.")

_HOW = {
    "hallvakt-ca.cer": "Windows: Group Policy, Public Key Policies, Trusted Root Certification "
    "Authorities.",
    "hallvakt.mobileconfig": "macOS and iPadOS: hand out with your MDM.",
    "chromebook-ca.txt": "Chromebooks: Google Admin console, Devices, Networks, Certificates.",
    "hallvakt-ca.pem": "Linux: /usr/local/share/ca-certificates (as .crt), then "
    "update-ca-certificates.",
    "firefox-policies.json": "Firefox: lets it read the system's authorities.",
}


@app.command
def show(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Whose certificate is served, for which names, until when, and the authority's fingerprint."""
    config = load(state)
    files = TlsFiles.below(state / "tls")
    seen = tls.read_certificate(files.served_certificate)
    days = whole_days(tls.served(files, datetime.now(UTC)).days_left)
    own = None if files.is_public else tls.fingerprint(files.authority)
    document = {
        "public": files.is_public,
        "names": list(seen.names),
        "missing_names": names_missing(files, config.web.names),
        "ends_at": seen.ends.isoformat(timespec="seconds"),
        "days_left": days,
        "ca_fingerprint": own,
    }
    lines = [
        "From a publicly trusted authority." if own is None else "From the box's own authority.",
        f"For {', '.join(seen.names)}.",
        (
            f"Until {seen.ends:%Y-%m-%d}, {days} days; "
            if days >= 0
            else f"Ended {seen.ends:%Y-%m-%d}; "
        )
        + ("renewed by the school." if own is None else "the box renews it by itself."),
    ]
    if own:
        lines.append(f"SHA-256 fingerprint of the authority: {own}")
    answer(document, lines, as_json=json)


@app.command
def renew(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Renew the box's own certificate when it ends within 30 days; warn of one that others renew.

    Exits with 5 while somebody has to do something. A running box takes a new one up by itself.
    """
    names = load(state).web.names
    files, now = TlsFiles.below(state / "tls"), datetime.now(UTC)
    before = files.served_certificate.read_bytes() if files.served_certificate.exists() else b""
    if not files.is_public:
        tls.ensure_certificate(state / "tls", names, now)
    check_served(state / "tls")
    found = certificate_check(files, names, now)
    renewed = files.served_certificate.read_bytes() != before
    document = {"renewed": renewed, **_ends_at(files)}
    lines = ["Renewed." if renewed else "Nothing to renew.", f"The certificate: {found.detail}."]
    answer(document, lines, as_json=json)
    _must_be_ok(found)


@app.command
def check(
    *, certificates: Path | None = None, state: State = DEFAULT_STATE, json: Json = False
) -> None:
    """Warn of a certificate that ends within 30 days, with no key at hand: what the timer does.

    Exits with 5 while somebody has to do something. The box's own a running box renews by itself.

    Parameters
    ----------
    certificates
        The directory that holds ca.pem, box.pem and public.pem, if not the box's. A public.pem in
        which `none` stands is none.
    """
    files = TlsFiles.below(certificates or state / "tls")
    if certificates is None:  # with its keys, so as the box would start with it
        check_served(state / "tls")
    if files.is_public and files.public_certificate.read_bytes() == _NONE:
        files = replace(files, public_certificate=files.public_certificate.with_name("none.pem"))
    found = certificate_check(files, load(state).web.names, datetime.now(UTC))
    answer(_ends_at(files), f"The certificate: {found.detail}.", as_json=json)
    _must_be_ok(found)


def _ends_at(files: TlsFiles) -> dict[str, str]:
    ends = tls.read_certificate(files.served_certificate).ends
    return {"ends_at": ends.isoformat(timespec="seconds")}


def _must_be_ok(found: Check) -> None:
    if found.status is not CheckStatus.OK:
        raise Unreachable(f"The certificate: {found.detail}. {found.advice}")


@app.command
def export(out: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Write the box's authority for Group Policy, MDM and browsers, into a directory.

    Parameters
    ----------
    out
        The directory; made when it is not there.
    """
    load(state)
    authority = TlsFiles.below(state / "tls").authority
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in trust_files(authority).items():
            replace_whole(out / name, content, 0o644)
    except OSError as error:
        raise unwritable(out, error) from error
    mark = tls.fingerprint(authority)
    answer(
        {"directory": str(out), "files": sorted(_HOW), "ca_fingerprint": mark},
        [
            f"Written to {out}:",
            *(f"  {name}  {how}" for name, how in _HOW.items()),
            "It is trusted for this box's own names and addresses only.",
            f"Compare the fingerprint (SHA-256): {mark}",
        ],
        as_json=json,
    )
