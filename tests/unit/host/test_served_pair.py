"""Files that a school brings and that cannot be served, each as people get it wrong."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.adapters.host.certificate_keeper import CertificateKeeper
from appliance.adapters.host.served_pair import why_not
from appliance.adapters.host.tls import TlsFiles
from appliance.core.errors import WrongConfiguration

_NOW = partial(datetime.now, UTC)


def _certificate(whose: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    return (
        x509.CertificateBuilder(named("authority"), named(whose), key.public_key(), 1)
        .not_valid_before(_NOW() - timedelta(days=1))
        .not_valid_after(_NOW() + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )


def _key(key: ec.EllipticCurvePrivateKey, lock: bytes = b"") -> bytes:
    locked = serialization.BestAvailableEncryption(lock) if lock else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


_BOX, _AUTHORITY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
_ON_TOP, _BELOW = _certificate("box", _BOX), _certificate("authority", _AUTHORITY)
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
LEAF, CHAIN = _ON_TOP.public_bytes(PEM), _BELOW.public_bytes(PEM)
WRONG = {
    "binary": (_ON_TOP.public_bytes(DER), _key(_BOX), "public.pem is not a certificate as text"),
    "upside down": (CHAIN + LEAF, _key(_BOX), "begins with another certificate"),
    "another's key": (LEAF + CHAIN, _key(_AUTHORITY), "public.pem begins with another"),
    "a stranger's key": (LEAF, _key(_AUTHORITY), "public.key is not the key of public.pem"),
    "locked": (LEAF, _key(_BOX, b"x"), "public.key is locked with a passphrase"),
    "no key": (LEAF, b"", "public.key is not a private key as text"),
    "no file": (LEAF, None, "public.key cannot be read (No such file or directory)"),
}


def _put(directory: Path, certificate: bytes, key: bytes | None) -> TlsFiles:
    files = TlsFiles.below(directory)
    files.public_certificate.write_bytes(certificate)
    if key is not None:
        files.public_key.write_bytes(key)
    return files


def test_a_pair_with_its_chain_is_served(tmp_path: Path) -> None:
    files = _put(tmp_path, LEAF + CHAIN, _key(_BOX))
    assert why_not(files) == ""
    assert isinstance(CertificateKeeper(tmp_path, ["box"], _NOW).context, ssl.SSLContext)


@pytest.mark.parametrize("how", WRONG)
def test_what_is_wrong_is_said_with_what_mends_it(tmp_path: Path, how: str) -> None:
    certificate, key, says = WRONG[how]
    files = _put(tmp_path, certificate, key)
    assert says in why_not(files)
    with pytest.raises(WrongConfiguration) as refused:
        CertificateKeeper(tmp_path, ["box"], _NOW)
    assert says in refused.value.message
    assert "take both away to use the box's own" in refused.value.message
