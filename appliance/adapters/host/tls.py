"""The box's own certificate authority and the certificate it gives itself.

A box on a school's LAN has no publicly trusted name. The school installs this authority on its
own machines once; so that this costs little if its key were ever stolen, the authority is
constrained to the box's own names and addresses (RFC 5280, 4.2.1.10) and cannot make further
authorities (path length 0).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.core.checkup_certificate import ServedCertificate
from appliance.core.errors import BadInput, WrongConfiguration
from appliance.whole_file import replace_whole

# Browsers refuse server certificates that are valid for longer than 398 days (CA/Browser Forum
# ballot SC31); 397 leaves a day for clocks.
SERVER_DAYS = 397
AUTHORITY_DAYS = 3650
RENEW_BEFORE_DAYS = 30
# Clocks in a hall differ; a certificate made this minute must be valid on all of them.
_BACKDATE = timedelta(hours=1)
_DAY = timedelta(days=1)

_NO_ADDRESSES = ("0.0.0.0/0", "::/0")
_NO_NAMES = "invalid"  # reserved by RFC 2606: nobody has it
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")  # underscores are met in schools


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Paths below `STATE/tls`. The `.key` files have mode 0600. `public_*` are there only where the
    school has a publicly trusted certificate for the box; then they are what is served."""

    authority: Path
    authority_key: Path
    certificate: Path
    key: Path
    public_certificate: Path
    public_key: Path

    @property
    def is_public(self) -> bool:
        return self.public_certificate.exists()

    @property
    def served_certificate(self) -> Path:
        return self.public_certificate if self.is_public else self.certificate

    @property
    def served_key(self) -> Path:
        return self.public_key if self.is_public else self.key

    @classmethod
    def below(cls, directory: Path) -> TlsFiles:
        return cls(
            authority=directory / "ca.pem",
            authority_key=directory / "ca.key",
            certificate=directory / "box.pem",
            key=directory / "box.key",
            public_certificate=directory / "public.pem",
            public_key=directory / "public.key",
        )


def make_authority(directory: Path, box: str, names: Sequence[str], now: datetime) -> TlsFiles:
    """Make `ca.pem` and `ca.key` for a box called `box`; raise BadInput when there is one."""
    files = TlsFiles.below(directory)
    if files.authority_key.exists():
        raise BadInput(f"{files.authority} is there already; machines in the school trust it.")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hallvakt"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{box} certificate authority"[:64]),
        ]
    )
    certificate = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(_constraints(names), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(files.authority_key, key)
    replace_whole(files.authority, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return files


def ensure_certificate(directory: Path, names: Sequence[str], now: datetime) -> TlsFiles:
    """Make or renew `box.pem` and `box.key` when there is none, it ends within 30 days, is not
    valid yet or does not carry exactly `names`, or carries a common name as it once did, or when
    they are no pair, as after a power cut between the two. Raises WrongConfiguration when there is
    no authority, or when it is not allowed to certify one of the names."""
    files = TlsFiles.below(directory)
    authority, _ = _authority(files)
    wanted = _alternative_names(names)
    if _is_good(files.certificate, wanted, now) and _is_pair(files):
        return files
    _check_allowed(authority, names)
    certify(files, names, now)
    return files


def check_names(names: Sequence[str]) -> None:
    """Raise WrongConfiguration for one that no certificate can carry."""
    _alternative_names(names)


def certify(files: TlsFiles, names: Sequence[str], now: datetime) -> None:
    """Make `box.pem` and `box.key`, whatever the authority may certify: browsers look as well.

    Without a common name: where no alternative name is a DNS name, GnuTLS (WebKitGTK, Epiphany,
    wget) holds whatever stands there against the authority's constraints on DNS names and refuses
    the certificate; OpenSSL does so when it looks like a name or an address.
    """
    authority, authority_key = _authority(files)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hallvakt box")])
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(subject, authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_alternative_names(names), critical=False)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(files.key, key)
    replace_whole(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def check_authority(files: TlsFiles) -> None:
    """Raise WrongConfiguration when the box's own authority or its key cannot be read."""
    _authority(files)


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general(name) for name in names])


def _authority(files: TlsFiles) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        authority_key = serialization.load_pem_private_key(
            files.authority_key.read_bytes(), password=None
        )
    except (OSError, ValueError) as error:
        raise WrongConfiguration(
            f"The certificate authority in {files.authority.parent} cannot be read: restore it "
            "from a backup, or make the box anew."
        ) from error
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise WrongConfiguration(f"{files.authority_key} is not a key of this box's kind.")
    return authority, authority_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCertificate:
    """`names` are the DNS names and addresses it is for. `alone`: somebody else made it, and the
    file has nothing of who that is behind it."""

    begins: datetime
    ends: datetime
    alone: bool
    names: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """A wildcard stands for one label (RFC 6125, 6.4.3)."""
        first, _, parent = name.partition(".")
        return name in self.names or bool(first and parent and f"*.{parent}" in self.names)


def read_certificate(path: Path) -> SeenCertificate:
    """The first of the file. Raise WrongConfiguration when there is none that can be read."""
    try:
        seen, *others = x509.load_pem_x509_certificates(path.read_bytes())
        names = seen.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise WrongConfiguration(
            f"No name stands on the certificate {path} (subject alternative names), so no browser "
            f"takes it: {_instead_of(path)}."
        ) from error
    except (OSError, ValueError) as error:
        raise WrongConfiguration(
            f"The certificate {path} cannot be read: {_instead_of(path)}."
        ) from error
    return SeenCertificate(
        begins=seen.not_valid_before_utc,
        ends=seen.not_valid_after_utc,
        alone=not others and seen.issuer != seen.subject,
        names=tuple(str(name.value) for name in names),
    )


def _instead_of(path: Path) -> str:
    """What to do about a certificate that is no good."""
    if path.name == TlsFiles.below(path.parent).public_certificate.name:
        return "put another and its key there, or take both away to use the box's own"
    return "start the box, which makes a new one from its authority"


def served(files: TlsFiles, now: datetime) -> ServedCertificate:
    """How the certificate that is served is, for whoever judges it. Raise WrongConfiguration when
    it, or the box's own authority where that made it, cannot be read."""
    seen = read_certificate(files.served_certificate)
    authority = None if files.is_public else _seen_authority(files)
    begins = max(seen.begins, authority.not_valid_before_utc) if authority else seen.begins
    return ServedCertificate(
        days_left=(seen.ends - now) / _DAY,
        authority_days=(authority.not_valid_after_utc - now) / _DAY if authority else None,
        starts_in=(begins - now) / _DAY,
        alone=seen.alone and files.is_public,
    )


def _seen_authority(files: TlsFiles) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(files.authority.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongConfiguration(
            f"The certificate authority {files.authority} cannot be read: restore it from a "
            "backup, or make the box anew."
        ) from error


def fingerprint(path: Path) -> str:
    """SHA-256 of a certificate as browsers show it, for comparing by eye."""
    digest = x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    start = now.astimezone(UTC) - _BACKDATE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(names: Sequence[str]) -> x509.NameConstraints:
    """Permit these names and addresses. A kind with none permitted would be unconstrained, so it
    is shut explicitly."""
    permitted: list[x509.GeneralName] = []
    excluded: list[x509.GeneralName] = []
    for name in names:
        address = _address(name)
        permitted.append(
            _general(name) if address is None else x509.IPAddress(ipaddress.ip_network(address))
        )
    if not any(isinstance(name, x509.DNSName) for name in permitted):
        permitted.append(x509.DNSName(_NO_NAMES))
    if not any(isinstance(name, x509.IPAddress) for name in permitted):
        excluded += [x509.IPAddress(ipaddress.ip_network(network)) for network in _NO_ADDRESSES]
    return x509.NameConstraints(permitted, excluded or None)


def _check_allowed(authority: x509.Certificate, names: Sequence[str]) -> None:
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = constraints.permitted_subtrees or []
    zones = [name.value for name in permitted if isinstance(name, x509.DNSName)]
    networks = [name.value for name in permitted if isinstance(name, x509.IPAddress)]
    for name in names:
        address = _address(name)
        if address is not None:
            fits = any(ipaddress.ip_network(address) == network for network in networks)
        else:
            fits = any(name == zone or name.endswith(f".{zone}") for zone in zones)
        if not fits:
            raise WrongConfiguration(
                f"web.names holds {name}, which this box's certificate authority may not certify: "
                "take it out, or make the box anew with this name.",
                code="name-not-allowed",
            )


def _is_good(path: Path, wanted: x509.SubjectAlternativeName, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    remaining = certificate.not_valid_after_utc - now.astimezone(UTC)
    begun = certificate.not_valid_before_utc <= now.astimezone(UTC)  # or the clock was wrong
    current = names == wanted and not certificate.subject.get_attributes_for_oid(
        NameOID.COMMON_NAME
    )
    return current and begun and remaining > timedelta(days=RENEW_BEFORE_DAYS)


def _is_pair(files: TlsFiles) -> bool:
    try:
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    return key.public_key() == certificate.public_key()


def _general(name: str) -> x509.GeneralName:
    address = _address(name)
    if address is not None:
        return x509.IPAddress(address)
    if not _HOST_NAME.fullmatch(name):
        raise WrongConfiguration(
            f"{name} is neither an address nor a name a certificate can carry: use letters a-z, "
            "digits, hyphens and dots."
        )
    return x509.DNSName(name)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    replace_whole(path, pem, 0o600)
