"""Each name by which a box is reached stands on its certificate, or its doctor says which does not.
Real certificates; the box need not run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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


@contextmanager
def _brought(
    state: Path, name: x509.GeneralName, *, by: str = "", begins_in: int = -1
) -> Iterator[Path]:
    """A school's own certificate and key, put beside the box's; answers where the key lies."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "box")])
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]) if by else whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) + timedelta(days=begins_in))
        .not_valid_after(datetime.now(UTC) + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tls.TlsFiles.below(state / "tls")
    files.public_certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls._write_key(files.public_key, key)
    try:
        yield files.public_key
    finally:
        files.public_certificate.unlink()
        files.public_key.unlink()


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
    config = load(made)
    every_box_s = (reached_by, "localhost", "127.0.0.1")  # and no authority certifies the last two
    named = replace(config, web=replace(config.web, names=every_box_s, lan_name=""))
    with _brought(made, on_it):
        found = _certificate(made, named)
    assert found.status is wanted
    assert (reached_by in found.detail) == (wanted is CheckStatus.FAIL)
    assert "localhost" not in found.detail


def test_a_school_s_own_certificate_that_does_not_work_is_named_before_it_is_needed(
    made: Path,
) -> None:
    """A box that runs goes on with the one before, so nobody else notices until it starts again."""
    config = load(made)
    config = replace(config, web=replace(config.web, names=("exam.school.example",), lan_name=""))
    name = x509.DNSName("exam.school.example")
    with _brought(made, name, by="an authority") as key:
        alone = _certificate(made, config)
        key.write_bytes((made / "tls" / "box.key").read_bytes())
        wrong_key = _certificate(made, config)
    with _brought(made, name, begins_in=3):
        early = _certificate(made, config)
    assert alone.status is CheckStatus.WARN
    assert "without its chain" in alone.detail
    assert wrong_key.status is CheckStatus.FAIL
    assert "public.key is not the key of public.pem: put a matching pair there" in wrong_key.detail
    assert (early.status, "not valid for another 3 days" in early.detail) == (
        CheckStatus.FAIL,
        True,
    )


def test_one_made_while_the_clock_was_ahead_is_said_and_made_anew_once_it_is_right(
    made: Path, tmp_path: Path
) -> None:
    """Its end alone would say that all is well, for years."""
    config = load(made)
    names, now, ahead = config.web.names, datetime.now(UTC), timedelta(days=500)
    tls.make_authority(tmp_path / "tls", "Aula", names, now + ahead)
    files = tls.ensure_certificate(tmp_path / "tls", names, now + ahead)
    found = _certificate(tmp_path, config)
    assert found.status is CheckStatus.FAIL
    assert "not valid for another 500 days" in found.detail
    assert "timedatectl" in found.advice
    first = files.certificate.read_bytes()
    tls.ensure_certificate(tmp_path / "tls", names, now)
    assert files.certificate.read_bytes() != first


def test_files_with_which_the_box_would_not_start_are_no_certificate(made: Path) -> None:
    config, files = load(made), tls.TlsFiles.below(made / "tls")
    authority_key = files.authority_key.read_bytes()
    try:
        files.authority_key.unlink()
        gone = _certificate(made, config)
    finally:
        files.authority_key.write_bytes(authority_key)
    with _brought(made, x509.DNSName("exam.school.example")) as key:
        whole = key.read_bytes()
        key.unlink()
        without_key = _certificate(made, config)
        key.write_bytes(whole)
        files.public_certificate.write_bytes(b"not a certificate")
        no_pem = _certificate(made, config)
    assert gone.status is CheckStatus.FAIL
    assert "authority" in gone.detail
    for found in (without_key, no_pem):
        assert found.status is CheckStatus.FAIL
        assert "put a matching pair there" in found.detail
