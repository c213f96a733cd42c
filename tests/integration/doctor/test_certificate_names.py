"""Each name by which a box is reached stands on its certificate, or its doctor says which does not.
Real certificates; the box need not run."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.adapters.host import tls
from appliance.cli.main import run
from appliance.config.box import BoxConfig, load
from appliance.core.checkup import Check, CheckStatus
from appliance.processes.checkup_parts import local
from appliance.services.doctor import examine
from tests.support.box import PASSPHRASE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made with a name on the LAN."""
    state = tmp_path_factory.mktemp("named") / "box"
    names = ("--certificate-name", "10.0.0.5", "--lan-name", "exambox")
    reading, writing = os.pipe()
    os.write(writing, f"{PASSPHRASE}\n".encode())
    os.close(writing)
    words = ["init", "--state", str(state), "--lead", "lena", "--no-second-factor"]
    try:
        assert run([*words, *names, "--passphrase-fd", str(reading)]) == 0
    finally:
        os.close(reading)
    return state


def _brought(name: x509.GeneralName) -> tuple[bytes, bytes]:
    """A school's own certificate and its key, as PEM."""
    key, whose = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return made.public_bytes(pem), private


def _certificate(state: Path, config: BoxConfig) -> Check:
    (found,) = asyncio.run(examine({"certificate": local(state, config)["certificate"]}))
    return found


def test_a_box_is_made_with_a_certificate_for_its_name_on_the_lan(made: Path) -> None:
    config = load(made)
    assert config.web.names == ("10.0.0.5", "exambox.local")  # slips keep the first
    assert _certificate(made, config).status is CheckStatus.OK


def test_a_name_that_was_added_later_is_missing_and_named(made: Path) -> None:
    config = load(made)
    more = replace(config, web=replace(config.web, names=("10.0.0.5", "exam.school.example")))
    found = _certificate(made, more)
    assert found.status is CheckStatus.FAIL
    assert found.detail.endswith("does not carry exam.school.example")
    other = _certificate(made, replace(config, web=replace(config.web, lan_name="aula")))
    assert other.status is CheckStatus.WARN
    assert other.detail.endswith("browsers warn whoever goes to aula.local")


@pytest.mark.parametrize(
    ("on_it", "reached_by", "wanted"),
    [
        (x509.DNSName("exam.school.example"), "exam.school.example", CheckStatus.OK),
        (x509.DNSName("*.school.example"), "exam.school.example", CheckStatus.OK),
        (x509.DNSName("*.school.example"), "exam.aula.school.example", CheckStatus.FAIL),
        (x509.DNSName("school.example"), "exam.school.example", CheckStatus.FAIL),
        (x509.IPAddress(ip_address("10.0.0.5")), "10.0.0.6", CheckStatus.FAIL),
    ],
)
def test_a_school_s_own_certificate_has_to_carry_the_name_of_the_slips(
    made: Path, on_it: x509.GeneralName, reached_by: str, wanted: CheckStatus
) -> None:
    files = tls.TlsFiles.below(made / "tls")
    config = load(made)
    named = replace(config, web=replace(config.web, names=(reached_by,), lan_name=""))
    certificate, key = _brought(on_it)
    files.public_certificate.write_bytes(certificate)
    files.public_key.write_bytes(key)
    try:
        found = _certificate(made, named)
    finally:
        files.public_certificate.unlink()
        files.public_key.unlink()
    assert found.status is wanted
    assert (reached_by in found.detail) == (wanted is CheckStatus.FAIL)


def test_files_with_which_the_box_would_not_start_are_no_certificate(made: Path) -> None:
    config, files = load(made), tls.TlsFiles.below(made / "tls")
    authority_key = files.authority_key.read_bytes()
    try:
        files.authority_key.unlink()
        gone = _certificate(made, config)
        files.public_certificate.write_bytes(_brought(x509.DNSName("exam.school.example"))[0])
        without_key = _certificate(made, config)
        files.public_key.write_bytes(_brought(x509.DNSName("exam.school.example"))[1])
        of_another = _certificate(made, config)
        files.public_certificate.write_bytes(b"not a certificate")
        no_pem = _certificate(made, config)
    finally:
        files.public_certificate.unlink(missing_ok=True)
        files.public_key.unlink(missing_ok=True)
        files.authority_key.write_bytes(authority_key)
    assert gone.status is CheckStatus.FAIL
    assert "authority" in gone.detail
    for found in (without_key, of_another, no_pem):
        assert found.status is CheckStatus.FAIL
        assert "put a matching pair there" in found.detail
