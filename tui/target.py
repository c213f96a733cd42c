"""Where the box is and how the console knows that it is the right one."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from appliance.core.errors import BadInput, NotAllowed, Unreachable
from tui.language import tr

_LONGEST_SOCKET_PATH = 107  # sun_path of unix(7), less the closing zero
_HEX_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Exactly one of `url` (with `ca`) and `socket` is set.

    `ca` is the box's own certificate authority and the only one trusted: a certificate from a
    public authority is refused too, so nobody between console and box can speak for the box.
    `ca_fingerprint`: SHA-256 of that authority in hexadecimal, from another source than `ca`; empty
    when nobody gave one. `name`: what people call the box where there are several.
    """

    url: str | None = None
    ca: Path | None = None
    socket: Path | None = None
    ca_fingerprint: str = ""
    name: str = ""

    @property
    def base(self) -> str:
        """The URL that paths are appended to, without a slash at its end. Over the socket its host
        is what the box offers the relay under, so it must be an address of this machine."""
        return "http://127.0.0.1" if self.url is None else self.url.rstrip("/")

    @property
    def label(self) -> str:
        """What the login screen calls this box."""
        if self.name:
            return self.name
        return tr("this box") if self.url is None else urlsplit(self.url).netloc

    def connector(self) -> aiohttp.BaseConnector:
        """A connector to this box. Raises Unreachable when there is no socket or no usable CA."""
        if self.socket is not None:
            return aiohttp.UnixConnector(path=str(self.socket))
        trust = self.trust()
        assert trust is not None
        return aiohttp.TCPConnector(ssl=trust)

    def trust(self) -> ssl.SSLContext | None:
        """Whom TLS connections to this box believe; None over its socket. Raises Unreachable."""
        if self.socket is not None:
            return None
        try:
            trust = ssl.create_default_context(cafile=str(self.ca))
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(
                tr(
                    "The certificate file {file} cannot be read; copy tls/ca.pem from the box.",
                    file=self.ca,
                )
            ) from error
        if self.ca_fingerprint and not self._is_the_named(trust.get_ca_certs(binary_form=True)):
            raise Unreachable(
                tr(
                    "The authority in {file} is not the one whose fingerprint you gave; "
                    "compare both with `hallvakt certificate show` on the box.",
                    file=self.ca,
                )
            )
        return trust

    def _is_the_named(self, authorities: list[bytes]) -> bool:
        """Whether the file holds the named authority (DER) and no other one."""
        found = [hashlib.sha256(authority).hexdigest() for authority in authorities]
        return bool(found) and all(hmac.compare_digest(each, self.ca_fingerprint) for each in found)


def from_arguments(
    *,
    state: Path | None,
    url: str | None,
    ca: Path | None,
    socket: Path | None,
    ca_fingerprint: str = "",
    may_not_run: bool = False,
) -> Target:
    """The target that the arguments name; raises BadInput when they name none, and Unreachable when
    a box on this machine does not run, unless it `may_not_run`."""
    if state is not None:
        socket = socket or (None if url else state / "run" / "gateway.sock")
        ca = ca or state / "tls" / "ca.pem"
    if (url is None) == (socket is None):
        raise BadInput(
            tr("Say where the box is: --state DIR, --socket FILE, or --url with --ca FILE.")
        )
    if url is not None:
        return over_network(url, ca, ca_fingerprint)
    assert socket is not None
    target = over_socket(socket)
    try:
        runs = may_not_run or socket.exists()
    except PermissionError:
        raise NotAllowed(
            tr(
                "The box at {path} is another user's; from any account it is reached over the "
                "network, with --url https://ADDRESS and --ca FILE.",
                path=socket,
            )
        ) from None
    if not runs:
        raise Unreachable(
            tr("No box is running at {path}; start it with `hallvakt serve`.", path=socket)
        )
    return target


def over_socket(socket: Path) -> Target:
    """A box on this machine, whether it runs or not; raises BadInput."""
    if len(str(socket)) > _LONGEST_SOCKET_PATH:
        raise BadInput(
            tr(
                "The path {path} is too long for a socket; use a shorter state directory.",
                path=socket,
            )
        )
    return Target(socket=socket)


def over_network(url: str, ca: Path | None, ca_fingerprint: str = "") -> Target:
    """A box behind HTTPS, with the authority that it must have; raises BadInput."""
    if not url.startswith("https://"):
        raise BadInput(tr("The address must begin with https:// so that nobody can listen in."))
    if ca is None:
        raise BadInput(tr("Give the box's certificate with --ca FILE (tls/ca.pem on the box)."))
    plain = "".join(ca_fingerprint.split()).replace(":", "").lower()
    if plain and (len(plain) != _HEX_DIGITS or set(plain) - set("0123456789abcdef")):
        raise BadInput(
            tr("A fingerprint is SHA-256 in hexadecimal: 64 digits, with or without colons.")
        )
    return Target(url=url, ca=ca, ca_fingerprint=plain)
