"""Keeps the certificate that is served fresh, without a restart.

Two kinds. The box's own authority makes certificates for the box and renews them by itself. Or the
school has a publicly trusted one for the box's name: its files, renewed by whatever renews them,
are put beside the box's own as `public.pem` (with its chain) and `public.key`; being there decides.
New connections get the new certificate; connections that are open keep theirs.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from appliance.adapters.host import served_pair, tls
from appliance.adapters.host.tls import TlsFiles
from appliance.core.errors import HallvaktError, WrongConfiguration

log = structlog.get_logger("certificate")


class CertificateKeeper:
    """Reads and writes files: call from a thread. `context` may be served from at once."""

    def __init__(self, directory: Path, names: Sequence[str], now: Callable[[], datetime]) -> None:
        """Raises WrongConfiguration when there is no certificate that can be served."""
        self._directory, self._names, self._now = directory, tuple(names), now
        self._seen: tuple[tuple[Path, int, int], ...] = ()
        self.context = _context()
        self._renew()
        files = TlsFiles.below(directory)
        _load(self.context, files)
        self._seen = _stamps(files)

    def refresh(self) -> bool:
        """Renew what is the box's own to renew, and take up files that changed. True when another
        certificate is served from now on. One that cannot be served is refused, said in the log,
        and the old one goes on."""
        try:
            self._renew()
            files = TlsFiles.below(self._directory)
            stamps = _stamps(files)
            if stamps == self._seen:
                return False
            self._seen = stamps  # a wrong one is complained of once, not every minute
            _load(_context(), files)  # into another context first: half a pair must change nothing
            _load(self.context, files)
        except HallvaktError as error:
            log.warning("a new certificate is not taken up", reason=error.message)
            return False
        log.info("another certificate is served from now on")
        return True

    def _renew(self) -> None:
        if not TlsFiles.below(self._directory).is_public:
            tls.ensure_certificate(self._directory, self._names, self._now())


def check_served(directory: Path) -> None:
    """Raise WrongConfiguration where a box would not start with what lies there."""
    files = TlsFiles.below(directory)
    if files.is_public:
        _load(_context(), files)
    else:
        tls.check_authority(files)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    try:
        if not (why := served_pair.why_not(files)):
            context.load_cert_chain(files.served_certificate, files.served_key)
            return
    except (OSError, ssl.SSLError) as error:
        why = (
            f"{files.served_certificate.name} and {files.served_key.name} cannot be served "
            f"({getattr(error, 'reason', None) or error.strerror})"
        )
    again = (
        "put a matching pair there, or take both away to use the box's own."
        if files.is_public
        else "take both away: the box makes new ones from its authority."
    )
    raise WrongConfiguration(f"In {files.served_certificate.parent}, {why}: {again}")


def _stamps(files: TlsFiles) -> tuple[tuple[Path, int, int], ...]:
    try:
        stats = [(p, p.stat()) for p in (files.served_certificate, files.served_key)]
    except OSError as error:
        raise WrongConfiguration(
            f"{error.filename} cannot be read ({error.strerror}): the box serves what it has."
        ) from error
    return tuple((path, stat.st_mtime_ns, stat.st_ino) for path, stat in stats)
