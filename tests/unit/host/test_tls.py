"""The box's certificates, checked by OpenSSL in real handshakes."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.adapters.host import tls
from appliance.adapters.host.tls import TlsFiles
from appliance.core.errors import BadInput, WrongConfiguration

NAMES = ("box.school.example", "localhost", "127.0.0.1", "::1")
NOW = datetime.now(UTC)
_COMMON_NAME = x509.NameAttribute(NameOID.COMMON_NAME, "Hallvakt box")


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    tls.make_authority(tmp_path, "Aulan", NAMES, NOW)
    return tls.ensure_certificate(tmp_path, NAMES, NOW)


def handshake(certificate: Path, key: Path, authority: Path, name: str) -> None:
    """Raise ssl.SSLError unless a client that trusts `authority` accepts the server as `name`."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(authority))
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        trusting.wrap_socket(here, server_hostname=name).close()
    finally:
        here.close()
        server.join(timeout=60)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_accepted(files: TlsFiles, name: str) -> None:
    handshake(files.certificate, files.key, files.authority, name)


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "box.school.example"])
def test_a_box_with_one_name_only_is_accepted(tmp_path: Path, name: str) -> None:
    tls.make_authority(tmp_path, "Aulan", (name,), NOW)
    files = tls.ensure_certificate(tmp_path, (name,), NOW)
    handshake(files.certificate, files.key, files.authority, name)


def test_another_name_is_not(files: TlsFiles) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files.certificate, files.key, files.authority, "elsewhere.example")


@pytest.mark.parametrize("names", [("bank.example",), ("10.1.2.3",), ("localhost", "bank.example")])
def test_a_stolen_authority_certifies_nothing_else(files: TlsFiles, names: Sequence[str]) -> None:
    """Our own refusal is gone round, so that the constraint in the certificate is what holds."""
    tls.certify(files, names, NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(files.certificate, files.key, files.authority, names[-1])


def test_a_stolen_authority_makes_no_other_authority(files: TlsFiles, tmp_path: Path) -> None:
    """One below it would be held to no constraint of ours but the names'."""
    below = tmp_path / "below"
    under = tls.make_authority(below, "Below", NAMES, NOW)
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    signer = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    made = x509.load_pem_x509_certificate(under.authority.read_bytes())
    cross = (
        x509.CertificateBuilder(authority.subject, made.subject, made.public_key(), 7)
        .not_valid_before(made.not_valid_before_utc)
        .not_valid_after(made.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(signer, hashes.SHA256())
    )
    tls.certify(under, NAMES, NOW)
    chain = under.certificate.read_bytes() + cross.public_bytes(serialization.Encoding.PEM)
    under.certificate.write_bytes(chain)
    with pytest.raises(ssl.SSLCertVerificationError, match="path length constraint exceeded"):
        handshake(under.certificate, under.key, files.authority, NAMES[0])


def test_without_addresses_no_address_can_be_certified(tmp_path: Path) -> None:
    forged = tls.make_authority(tmp_path, "Aulan", ("box.school.example",), NOW)
    tls.certify(forged, ("127.0.0.1",), NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="excluded subtree violation"):
        handshake(forged.certificate, forged.key, forged.authority, "127.0.0.1")


def test_a_name_the_authority_may_not_certify_is_said_so(files: TlsFiles) -> None:
    with pytest.raises(WrongConfiguration, match=r"bank\.example"):
        tls.ensure_certificate(files.authority.parent, ("bank.example",), NOW)


def test_keys_are_for_their_owner_only(files: TlsFiles) -> None:
    for key in (files.key, files.authority_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_good_certificate_is_kept_and_an_old_one_renewed(files: TlsFiles) -> None:
    directory, first = files.authority.parent, files.certificate.read_bytes()
    tls.ensure_certificate(directory, NAMES, NOW + timedelta(days=300))
    assert files.certificate.read_bytes() == first
    tls.ensure_certificate(directory, NAMES, NOW + timedelta(days=370))
    assert files.certificate.read_bytes() != first


def test_a_change_of_names_makes_a_new_certificate(files: TlsFiles) -> None:
    first = files.certificate.read_bytes()
    tls.ensure_certificate(files.authority.parent, NAMES[:2], NOW)
    assert files.certificate.read_bytes() != first


def test_one_with_a_common_name_is_made_anew(files: TlsFiles) -> None:
    """GnuTLS refuses it on a box that has addresses only; boxes of old have such a one."""
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    signer = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    now = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    old = (
        x509.CertificateBuilder(authority.subject, x509.Name([_COMMON_NAME]), now.public_key(), 1)
        .not_valid_before(now.not_valid_before_utc)
        .not_valid_after(now.not_valid_after_utc)
        .add_extension(
            now.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, False
        )
        .sign(signer, hashes.SHA256())
    )
    files.certificate.write_bytes(old.public_bytes(serialization.Encoding.PEM))
    tls.ensure_certificate(files.authority.parent, NAMES, NOW)
    made = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME) == []
    assert made.serial_number != old.serial_number


def test_an_authority_is_never_replaced(files: TlsFiles) -> None:
    with pytest.raises(BadInput):
        tls.make_authority(files.authority.parent, "Aulan", NAMES, NOW)


def test_no_authority_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="cannot be read"):
        tls.ensure_certificate(tmp_path, NAMES, NOW)
