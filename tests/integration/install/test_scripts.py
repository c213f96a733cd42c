"""The installer's scripts: what they do below another directory, and what they refuse. A whole
installation in a Debian of its own is `firmware_scripts/try_install.sh` (marked `soak`: it takes
minutes)."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.integration.install.scripts import SCRIPTS, bash, put_version, running, sign, update

LIVE_EXAM = (
    "INSERT INTO exams (exam_id, code, state, settings, created_ms) VALUES ('a', 'a', 'live', "
    """CAST('{"title": "Matematik", "retention": {"days": 30}}' AS BLOB), 1)"""
)


# --- bundles -----------------------------------------------------------------------------------


def _check(bundle: Path, key: Path) -> subprocess.CompletedProcess[str]:
    return bash("-c", f". {SCRIPTS}/box.sh; hv_check_bundle {bundle} {key} && echo good")


def test_a_signed_bundle_is_taken(release: Path) -> None:
    assert _check(release / "bundle", release / "release.pub").stdout == "good\n"


@pytest.mark.parametrize("where", [0, 600, -100, -73, -40, -1])
def test_a_bundle_changed_anywhere_is_refused(release: Path, where: int) -> None:
    content = bytearray((release / "bundle").read_bytes())
    content[where] ^= 1
    (release / "bundle").write_bytes(content)
    done = _check(release / "bundle", release / "release.pub")
    assert (done.returncode, done.stdout) == (6, "")
    assert "bundle" in done.stderr


def test_a_bundle_cut_short_or_of_somebody_else_is_refused(release: Path) -> None:
    done = _check(release / "bundle", release / "other.pub")
    assert done.returncode == 6
    assert "not from who it says" in done.stderr
    whole = (release / "bundle").read_bytes()
    (release / "bundle").write_bytes(whole[:-10])
    assert _check(release / "bundle", release / "release.pub").returncode == 6
    (release / "bundle").write_bytes(b"")
    assert _check(release / "bundle", release / "release.pub").returncode == 6
    assert _check(release / "bundle", release / "missing.pub").returncode == 3


def test_a_wrong_bundle_is_refused_before_anything_is_unpacked_or_changed(
    release: Path, tmp_path: Path
) -> None:
    content = bytearray((release / "bundle").read_bytes())
    content[10] ^= 1
    (release / "bundle").write_bytes(content)
    root = tmp_path / "root"
    root.mkdir()
    words = ("--bundle", str(release / "bundle"), "--key", str(release / "release.pub"))
    done = bash(str(SCRIPTS / "install.sh"), *words, HALLVAKT_ROOT=str(root))
    assert done.returncode == 6
    assert list(root.iterdir()) == []


def test_an_update_needs_an_installed_box(tmp_path: Path) -> None:
    done = bash(str(SCRIPTS / "update.sh"), "--bundle", "x", HALLVAKT_ROOT=str(tmp_path))
    assert done.returncode == 3
    assert "run install.sh" in done.stderr


# --- an update, with two versions that are really there ----------------------------------------


def _into_box(root: Path, statement: str) -> None:
    connection = apsw.Connection(str(root / "var/lib/hallvakt/db/box.db"))
    connection.execute(statement)
    connection.close()


def test_an_update_switches_in_one_step_and_goes_back(installed: Path, release: Path) -> None:
    put_version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0")
    bundle = sign(release, "0.2.0")
    done = update(installed, "--bundle", str(bundle))
    assert done.returncode == 0, done.stderr + done.stdout
    assert running(installed) == "versions/0.2.0"
    assert (installed / "var/lib/hallvakt/snapshots/before-0.2.0/box.db").exists()
    again = update(installed, "--bundle", str(bundle))
    assert again.returncode == 4
    back = update(installed, "--rollback")
    assert back.returncode == 0, back.stderr
    assert running(installed) == "versions/0.1.0"
    nowhere = update(installed, "--rollback")
    assert nowhere.returncode == 4
    assert "no version to go back to" in nowhere.stderr


def test_an_update_checks_its_bundle_before_anything_else(installed: Path, release: Path) -> None:
    bundle = sign(release, "0.2.0")
    content = bytearray(bundle.read_bytes())
    content[600] ^= 1
    bundle.write_bytes(content)
    before = sorted((installed / "opt").rglob("*"))
    done = update(installed, "--bundle", str(bundle))
    assert done.returncode == 6, done.stdout + done.stderr
    assert "signature" in done.stderr
    assert sorted((installed / "opt").rglob("*")) == before
    assert not (installed / "var/lib/hallvakt/snapshots").exists()


def test_an_older_version_is_no_update(installed: Path, release: Path) -> None:
    """Signed as it is, it would bring back what was mended since; ten is not older than nine."""
    versions = installed / "opt" / "hallvakt" / "versions"
    put_version(versions / "0.10.0", "0.10.0")
    assert update(installed, "--bundle", str(sign(release, "0.10.0"))).returncode == 0
    done = update(installed, "--bundle", str(sign(release, "0.9.9")))
    assert (done.returncode, running(installed)) == (4, "versions/0.10.0")
    assert "older than version 0.10.0" in done.stderr
    assert not (versions / "0.9.9").exists()


def test_an_exam_made_ready_while_an_update_prepares_is_left_alone_too(
    installed: Path, release: Path
) -> None:
    new = installed / "opt" / "hallvakt" / "versions" / "0.2.0"
    put_version(new, "0.2.0")
    command = new / ".venv" / "bin" / "hallvakt"
    plan = release / "plan.py"
    plan.write_text(
        f"import apsw, sys; apsw.Connection(sys.argv[1]).execute({LIVE_EXAM!r})\n",
    )
    first, rest = command.read_text().split("\n", 1)
    database = installed / "var" / "lib" / "hallvakt" / "db" / "box.db"
    command.write_text(f"{first}\n{sys.executable} {plan} {database}\n{rest}")
    done = update(installed, "--bundle", str(sign(release, "0.2.0")))
    assert (done.returncode, running(installed)) == (4, "versions/0.1.0"), done.stderr
    assert "left alone for Matematik" in done.stderr
    assert not (installed / "opt" / "hallvakt" / "unfinished").exists()


@pytest.mark.parametrize("answer", ["", "hallvakt_media_workers 0.0"])
def test_a_version_that_starts_and_does_not_answer_gives_way_to_the_old_one(
    installed: Path, release: Path, answer: str
) -> None:
    """systemd is content, for the target only wants the gateway; its workers may be missing too."""
    put_version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0", answer)
    done = update(
        installed, "--bundle", str(sign(release, "0.2.0")), systemctl=shutil.which("true") or ""
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "Version 0.1.0 runs again" in done.stderr
    assert running(installed) == "versions/0.1.0"


def test_a_version_that_answers_stays(installed: Path, release: Path) -> None:
    """And going back says when the old one does not answer."""
    versions = installed / "opt" / "hallvakt" / "versions"
    put_version(versions / "0.2.0", "0.2.0")
    systemctl = shutil.which("true") or ""
    bundle = sign(release, "0.2.0")
    done = update(installed, "--bundle", str(bundle), systemctl=systemctl)
    assert done.returncode == 0, done.stdout + done.stderr
    assert running(installed) == "versions/0.2.0"
    shutil.rmtree(versions / "0.1.0")
    put_version(versions / "0.1.0", "0.1.0", answer="")
    back = update(installed, "--rollback", systemctl=systemctl)
    assert back.returncode == 5
    assert "is back, but the box does not answer" in back.stderr


def test_an_update_brings_packages_that_only_the_new_version_needs(
    installed: Path, release: Path
) -> None:
    versions = installed / "opt" / "hallvakt" / "versions"
    put_version(versions / "0.2.0", "0.2.0")
    bundle = sign(release, "0.2.0", packages="hallvakt-needs-this")
    programs = release / "programs"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text('#!/bin/sh\necho "$@" >>"$0.asked"\n')
    apt.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    done = update(installed, "--bundle", str(bundle), PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "--no-install-recommends hallvakt-needs-this" in apt.with_name("apt-get.asked").read_text()
    )
    assert running(installed) == "versions/0.2.0"


def test_a_unit_that_only_another_version_has_goes_with_it(installed: Path, release: Path) -> None:
    units = installed / "etc" / "systemd" / "system"
    versions = installed / "opt" / "hallvakt" / "versions"
    put_version(versions / "0.2.0", "0.2.0")
    (versions / "0.2.0" / "systemd" / "hallvakt-later@.service").write_text("[Service]\n")
    done = update(installed, "--bundle", str(sign(release, "0.2.0")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (units / "hallvakt-later@.service").exists()
    (units / "hallvakt.target.wants").mkdir()
    (units / "other.service").touch()
    assert update(installed, "--rollback").returncode == 0
    assert not (units / "hallvakt-later@.service").exists()
    assert (units / "hallvakt-gateway.service").exists()
    assert (units / "other.service").exists()
    assert (units / "hallvakt.target.wants").exists()


def _seen(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Mode, owners and content (or target) of all below it."""
    found = {}
    for path in root.rglob("*"):
        about = path.lstat()
        link, file = stat.S_ISLNK(about.st_mode), stat.S_ISREG(about.st_mode)
        content = os.readlink(path).encode() if link else path.read_bytes() if file else b""
        found[str(path.relative_to(root))] = (about.st_mode, about.st_uid, about.st_gid, content)
    return found


def test_installing_again_changes_nothing_and_uninstalling_leaves_the_state(
    installed: Path, release: Path
) -> None:
    def install(*words: str) -> str:
        root = str(installed)
        script = str(SCRIPTS / "install.sh")
        done = bash(script, *words, HALLVAKT_ROOT=root, HALLVAKT_SYSTEMCTL="true")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    bundle = ("--bundle", str(sign(release, "0.1.0")), "--key", str(release / "release.pub"))
    units = installed / "etc" / "systemd" / "system"
    stamps = installed / "var/lib/systemd/timers"
    stamps.mkdir(parents=True)
    before = _seen(installed / "var")
    assert "coturn.service is stopped" in install(*bundle)
    once = _seen(installed)
    assert once["etc/sysctl.d/60-hallvakt.conf"][-1] == (
        b"net.ipv4.ip_unprivileged_port_start = 80\n"
    )
    assert (units / "hallvakt-gateway.service").exists()
    install(*bundle)
    assert _seen(installed) == once
    for wants in ("multi-user.target.wants", "hallvakt.target.wants"):  # what systemd links
        (units / wants).mkdir()
        (units / wants / "hallvakt.target").symlink_to("../hallvakt.target")
    (stamps / "stamp-hallvakt-janitor.timer").touch()
    school_s = units / "hallvakt-gateway.service.d"
    school_s.mkdir()
    (school_s / "school.conf").touch()
    said = install("--uninstall")
    assert "coturn.service stays off" in said
    assert f"not of this installer: {school_s}" in said
    assert (school_s / "school.conf").exists()
    shutil.rmtree(school_s)
    assert list(installed.rglob("*hallvakt*")) == [installed / "var/lib/hallvakt"]
    assert _seen(installed / "var") == before


def test_a_box_that_an_exam_needs_is_not_taken_off(installed: Path) -> None:
    def uninstall(box_says: int) -> tuple[int, str]:
        program = installed / "opt/hallvakt/current/.venv/bin/hallvakt"
        program.unlink()
        program.write_text(f'#!/bin/sh\necho "Left alone for it: $*" >&2\nexit {box_says}\n')
        program.chmod(0o755)
        words = (str(SCRIPTS / "install.sh"), "--uninstall")
        done = bash(*words, HALLVAKT_ROOT=str(installed), HALLVAKT_SYSTEMCTL="true")
        return done.returncode, done.stderr

    before = _seen(installed / "opt").keys()
    state = installed / "var/lib/hallvakt"
    code, said = uninstall(4)
    assert (code, said) == (4, f"Left alone for it: snapshot quiet --state {state}\n")
    assert _seen(installed / "opt").keys() == before
    assert uninstall(6)[0] == 0  # damaged: nobody knows, and it has to come off somehow
    assert not (installed / "opt/hallvakt").exists()


def test_uninstalling_keeps_the_credential_for_as_long_as_a_box_needs_it(installed: Path) -> None:
    store = installed / "etc" / "credstore.encrypted"
    store.mkdir()
    credential, of_the_cloud = store / "hallvakt-pepper", store / "hallvakt-cloud-records-uri"
    credential.touch()
    of_the_cloud.touch()
    (store / "of-another-program").touch()

    def uninstall() -> str:
        words = (str(SCRIPTS / "install.sh"), "--uninstall")
        root = str(installed)
        return bash(*words, HALLVAKT_ROOT=root, HALLVAKT_SYSTEMCTL="true").stdout

    assert f"need it: {credential}" in uninstall()
    assert credential.exists()
    assert of_the_cloud.exists()
    (installed / "var/lib/hallvakt/box.toml").unlink()  # as after a factory reset
    assert str(credential) not in uninstall()
    assert [left.name for left in store.iterdir()] == ["of-another-program"]


def test_a_version_that_does_not_start_gives_way_to_the_old_one(
    installed: Path, release: Path
) -> None:
    put_version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0")
    refuses = installed / "systemctl"  # a restart that fails, as systemd says it
    refuses.write_text(
        '#!/bin/sh\n[ "$1" != restart ] || [ -e "$0.tried" ] || { touch "$0.tried"; exit 1; }\n'
    )
    refuses.chmod(0o755)
    bundle = sign(release, "0.2.0")
    done = update(installed, "--bundle", str(bundle), systemctl=str(refuses))
    assert done.returncode == 5
    assert "Version 0.1.0 runs again" in done.stderr
    assert running(installed) == "versions/0.1.0"


def test_going_back_needs_the_snapshot_where_the_old_version_cannot_do_without(
    installed: Path,
) -> None:
    """The first erasure takes it away: an old version over new databases would not start."""
    put_version(installed / "opt" / "hallvakt" / "versions" / "0.0.9", "0.0.9")
    (installed / "opt" / "hallvakt" / "previous").write_text("0.0.9\n")
    _into_box(installed, "INSERT INTO schema_migrations VALUES (9999, 'of a later version')")
    done = update(installed, "--rollback")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "There is no snapshot" in done.stderr
    assert not (installed / "opt/hallvakt/unfinished").exists()
    assert running(installed) == "versions/0.1.0"


@pytest.mark.parametrize("way", ["--rollback", "--bundle"])
def test_a_live_exam_is_left_alone(installed: Path, release: Path, way: str) -> None:
    """Neither way stops the box, or puts anything beside the version that runs."""
    versions = installed / "opt" / "hallvakt" / "versions"
    put_version(versions / "0.0.9", "0.0.9")
    (installed / "opt" / "hallvakt" / "previous").write_text("0.0.9\n")
    _into_box(installed, LIVE_EXAM)
    asked = installed / "systemctl"
    asked.write_text('#!/bin/sh\necho "$@" >>"$0.asked"\n')
    asked.chmod(0o755)
    words = [way] if way == "--rollback" else [way, str(sign(release, "0.2.0"))]
    done = update(installed, *words, systemctl=str(asked))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "left alone for Matematik" in done.stderr
    assert not asked.with_name("systemctl.asked").exists()
    assert running(installed) == "versions/0.1.0"
    assert {path.name for path in versions.iterdir()} == {"0.0.9", "0.1.0"}


def test_installing_another_version_over_a_box_is_left_to_the_update(
    installed: Path, release: Path
) -> None:
    words = ("--bundle", str(sign(release, "0.2.0")))
    before = sorted(installed.rglob("*"))
    done = bash(str(SCRIPTS / "install.sh"), *words, HALLVAKT_ROOT=str(installed))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "update.sh --bundle" in done.stderr
    assert sorted(installed.rglob("*")) == before
    (installed / "var/lib/hallvakt/box.toml").unlink()  # nothing yet that could be lost
    dry = bash(str(SCRIPTS / "install.sh"), *words, "--dry-run", HALLVAKT_ROOT=str(installed))
    assert dry.returncode == 0, dry.stderr
    assert "versions/0.2.0" in dry.stdout


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_box_is_installed_in_a_debian_of_its_own() -> None:
    done = subprocess.run(
        ["bash", str(SCRIPTS / "try_install.sh")], capture_output=True, text=True, timeout=1700
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "All as it should be." in done.stdout
