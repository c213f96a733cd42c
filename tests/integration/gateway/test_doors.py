"""Where the box answers: a certificate that changes while it runs, the plain page."""

from __future__ import annotations

import asyncio
import base64
import json
import plistlib
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509

from appliance.adapters.host import tls
from appliance.adapters.host.certificate_keeper import CertificateKeeper
from appliance.processes import gateway_doors
from appliance.rehearsal.free_ports import free_port
from tests.support.box import RealBox
from tests.support.media_workers import until
from tests.support.school_certificate import of_another_authority, served, until_served


@pytest_asyncio.fixture
async def box(tmp_path: Path) -> AsyncIterator[RealBox]:
    box = RealBox(tmp_path / "box", free_port())
    await asyncio.to_thread(box.make)
    text = (box.state / "box.toml").read_text()
    text = re.sub(r"(?m)^http_port = 0$", f"http_port = {free_port()}", text)
    (box.state / "box.toml").write_text(text)
    await box.start()
    try:
        yield box
    finally:
        await box.stop()


async def test_a_public_certificate_is_taken_up_without_a_restart(
    box: RealBox, tmp_path: Path
) -> None:
    own, files = await served(box), tls.TlsFiles.below(box.state / "tls")
    other = await asyncio.to_thread(of_another_authority, tmp_path / "school")
    lead = await box.login()  # this connection stays open through it all

    shutil.copy(other.key, files.public_key)
    shutil.copy(files.certificate, files.public_certificate)  # a pair that does not match
    box.gateway.send_signal(signal.SIGHUP)
    async with asyncio.timeout(60):
        while "not taken up" not in box.log():  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.05)
    assert await served(box) == own

    shutil.copy(other.certificate, files.public_certificate)
    box.gateway.send_signal(signal.SIGHUP)
    await until_served(box, other.certificate)
    assert (await lead.ok("GET", "/api/v1/exams"))["exams"] == []

    files.public_certificate.unlink()
    box.gateway.send_signal(signal.SIGHUP)
    await until_served(box, files.certificate)


async def test_the_plain_page_explains_and_opens_nothing(box: RealBox) -> None:
    port = re.search(r"(?m)^http_port = (\d+)$", (box.state / "box.toml").read_text())
    assert port
    async with aiohttp.ClientSession() as session:
        for language, words in (("sv-SE,sv", "gå inte förbi"), ("en", "do not go past")):
            url = f"http://127.0.0.1:{port[1]}/api/v1/exams"
            async with session.get(url, headers={"Accept-Language": language}) as answer:
                page = await answer.text()
                assert answer.status == 200
                assert words in page
                assert f'href="https://127.0.0.1:{box.port}/"' in page
                assert "script" not in page
        async with session.post(url, data=b"secret") as answer:
            assert answer.status == 405
        async with session.get(url) as answer:
            assert "hallvakt certificate export" in await answer.text()
        files = tls.TlsFiles.below(box.state / "tls")
        shutil.copy(files.certificate, files.public_certificate)  # the school brings one meanwhile
        async with session.get(url) as answer:
            assert "has a publicly trusted certificate" in await answer.text()
    # Or a browser that has been at the box would ask for TLS here, and find nothing for a year.
    told = (await box.api().http.get(box.origin)).headers
    assert "Content-Security-Policy" in told
    assert "Strict-Transport-Security" not in told


async def test_a_box_whose_page_without_tls_has_no_port_holds_exams_and_says_so(
    tmp_path: Path,
) -> None:
    box = RealBox(tmp_path / "box", free_port())
    await asyncio.to_thread(box.make)
    with socket.create_server(("127.0.0.1", 0)) as another:
        port = another.getsockname()[1]
        config = (box.state / "box.toml").read_text()
        (box.state / "box.toml").write_text(config.replace("http_port = 0", f"http_port = {port}"))
        await box.start()
        try:
            lead = await box.login()
            assert "its port could not be opened" in (await lead.ok("GET", "/api/v1/box"))["note"]
            assert f"sport = :{port}" in box.log()  # and what uses it, for the technician
        finally:
            await box.stop()


async def test_a_renewed_certificate_is_looked_for_every_minute_unasked(tmp_path: Path) -> None:
    """By whoever renewed it, and did not say so: no signal is sent here."""
    assert gateway_doors._LOOK_AT_FILES_S == 60
    files = await asyncio.to_thread(of_another_authority, tmp_path)
    now = partial(datetime.now, UTC)
    keeper = await asyncio.to_thread(_Keeper, tmp_path, ("127.0.0.1",), now)
    async with gateway_doors._kept_fresh(keeper, every_s=0.01):
        await asyncio.to_thread(tls.certify, files, ("127.0.0.1",), now())
        await until(lambda: keeper.served_another, 60)


async def test_the_box_s_own_is_renewed_while_the_box_runs(tmp_path: Path) -> None:
    """A box that runs for a year is not started anew for its certificate."""
    made = datetime.now(UTC)
    files = await asyncio.to_thread(of_another_authority, tmp_path)
    now = made
    keeper = await asyncio.to_thread(_Keeper, tmp_path, ("127.0.0.1",), lambda: now)
    first = await asyncio.to_thread(files.certificate.read_bytes)
    async with gateway_doors._kept_fresh(keeper, every_s=0.01):
        now = made + timedelta(days=370)  # of 397
        await until(lambda: keeper.served_another, 60)
    assert await asyncio.to_thread(files.certificate.read_bytes) != first


class _Keeper(CertificateKeeper):
    served_another = False

    def refresh(self) -> bool:
        self.served_another |= super().refresh()
        return self.served_another


def test_it_offers_its_authority_in_every_shape(tmp_path: Path) -> None:
    box = RealBox(tmp_path / "box", free_port())
    box.make()
    out = tmp_path / "trust"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "appliance.cli.main", "certificate", "export", str(out)),
            *("--state", str(box.state)),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert tls.fingerprint(box.authority) in done.stdout
    der = (out / "hallvakt-ca.cer").read_bytes()
    assert x509.load_der_x509_certificate(der) == x509.load_pem_x509_certificate(
        (out / "hallvakt-ca.pem").read_bytes()
    )
    profile = plistlib.loads((out / "hallvakt.mobileconfig").read_bytes())
    assert profile["PayloadContent"][0]["PayloadContent"] == der
    assert base64.b64decode((out / "chromebook-ca.txt").read_bytes(), validate=False) == der
    policies = json.loads((out / "firefox-policies.json").read_text())["policies"]
    assert policies == {"Certificates": {"ImportEnterpriseRoots": True}}
    assert not [path for path in out.iterdir() if b"PRIVATE" in path.read_bytes()]


@pytest.mark.parametrize("name", ["box.local", "two words", "-x", "a" * 64])
def test_a_lan_name_is_one_word(name: str, tmp_path: Path) -> None:
    from appliance.config.box import parse
    from appliance.core.errors import WrongConfiguration

    with pytest.raises(WrongConfiguration, match="lan_name"):
        parse(f'box_id = "{"0" * 32}"\n[web]\nlan_name = "{name}"\n')
