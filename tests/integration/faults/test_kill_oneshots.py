"""Signal 9 at what writes the firewall's rules and the box's certificate, anywhere in its work: the
rules in force are the old ones or the new ones, whole, and there is no moment without; the box's
key and certificate can be served at its next start. Real nftables, in a network of the test's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.config.box import BoxConfig, RelayConfig, write
from appliance.core.ids import BoxId
from tests.support.box import ROOT, clean_environment

# Kills the child, or all it started too, as systemd does; within what one whole round takes.
_KILLING = """
import os, random, signal, subprocess, sys, time

def killed(work, within_s, group):
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(random.random() * within_s)
    try:
        (os.killpg if group else os.kill)(child, signal.SIGKILL)
    except ProcessLookupError:  # not a session of its own yet
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""
_FIREWALL = """
from appliance.cli import relay
from appliance.cli.main import run

def load(state):
    run(["relay", "firewall", "--load", "--user", "64998", "--state", state])

def in_force():
    shown = ["nft", "--stateless", "list", "ruleset"]
    return subprocess.run(shown, capture_output=True, text=True, check=True).stdout

whole = []
for state in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        load(state)
        os._exit(0)
    began = time.monotonic()
    os.waitpid(child, 0)
    took = time.monotonic() - began
    whole.append(in_force())
assert whole[0] != whole[1] and all("jump relay" in rules for rules in whole), whole
kills = 0
while kills < int(sys.argv[1]):
    kills += killed(lambda: load(sys.argv[2 + kills % 2]), took, group=kills % 3 > 0)
    assert in_force() in whole, in_force()
print("whole after", kills)
"""
_CERTIFICATE = """
from datetime import UTC, datetime
from pathlib import Path
from appliance.adapters.host.certificate_keeper import CertificateKeeper
from appliance.adapters.host import tls

directory, now = Path(sys.argv[2]), datetime.now(UTC)
names = [("exambox.local", "127.0.0.1"), ("127.0.0.1",)]
files = tls.make_authority(directory, "Aula", names[0], now)
authority = files.authority.read_bytes(), files.authority_key.read_bytes()

def renew():
    for turn in range(10_000):
        tls.ensure_certificate(directory, names[turn % 2], now)

kills = torn = 0
while kills < int(sys.argv[1]):
    kills += killed(renew, 0.02, group=False)
    torn += files.certificate.exists() and not tls._is_pair(files)
    seen = tls.read_certificate(files.certificate) if files.certificate.exists() else None
    served = CertificateKeeper(directory, names[0], lambda: now)  # as the gateway's start does
    assert served.context.cert_store_stats() is not None
    assert tls.read_certificate(files.certificate).names == names[0]
    assert (files.authority.read_bytes(), files.authority_key.read_bytes()) == authority
print("whole after", kills, "of which between the two files", torn)
"""


def _run(script: str, *words: str) -> str:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", _KILLING + script, *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _firewall(below: Path, kills: int) -> None:
    for name, first in (("one", 51_000), ("other", 52_000)):
        relay = RelayConfig(relay_host="198.18.90.1", min_port=first, max_port=first + 999)
        (below / name).mkdir()
        write(below / name, BoxConfig(box_id=BoxId("0" * 32), relay=relay))
    said = _run(_FIREWALL, str(kills), str(below / "one"), str(below / "other"))
    assert said == f"whole after {kills}\n"


needs_root = pytest.mark.skipif(
    shutil.which("nft") is None or os.geteuid() != 0,
    reason="needs nftables, and root for a network of its own",
)


@needs_root
def test_the_firewall_s_loader_is_killed_ten_times(tmp_path: Path) -> None:
    _firewall(tmp_path, 10)


@needs_root
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_firewall_s_loader_is_killed_two_hundred_times(tmp_path: Path) -> None:
    _firewall(tmp_path, 200)


@needs_root
def test_who_renews_the_certificate_is_killed_ten_times(tmp_path: Path) -> None:
    assert _run(_CERTIFICATE, "10", str(tmp_path)).startswith("whole after 10 ")


@needs_root
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_who_renews_the_certificate_is_killed_two_hundred_times(tmp_path: Path) -> None:
    assert _run(_CERTIFICATE, "200", str(tmp_path)).startswith("whole after 200 ")
