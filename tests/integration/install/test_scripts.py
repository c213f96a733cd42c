"""The installer's scripts: what they do below another directory, and what they refuse. A whole
installation in a Debian of its own is `firmware_scripts/try_install.sh` (marked `soak`: it takes
minutes)."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import apsw
import pytest

from appliance.processes.checkup_parts import _update_broken_off
from appliance.rehearsal.free_ports import free_port
from tests.integration.install.scripts import SCRIPTS, bash
from tests.support.box import ROOT, RealBox

LIVE_EXAM = (
    "INSERT INTO exams (exam_id, code, state, settings, created_ms) VALUES ('a', 'a', 'live', "
    """CAST('{"title": "Matematik", "retention": {"days": 30}}' AS BLOB), 1)"""
)


# --- bundles -----------------------------------------------------------------------------------


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A directory with a release key and a small bundle signed with it."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "file").write_text("content")
    with tarfile.open(tmp_path / "payload", "w") as tar:
        tar.add(tmp_path / "content", "source")
    made = bash(
        "-c",
        f"""set -e; cd {tmp_path}; . {SCRIPTS}/box.sh; cd {tmp_path}
        for n in release other; do
          openssl genpkey -algorithm ed25519 -out $n.pem
          openssl pkey -in $n.pem -pubout -out $n.pub
        done
        cp payload bundle
        sha256sum payload | cut -d' ' -f1 | tr -d '\\n' >digest
        openssl pkeyutl -sign -rawin -inkey release.pem -in digest -out signature
        {{ printf %s $hv_mark; cat signature; }} >>bundle""",
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a new box."""
    box = RealBox(tmp_path_factory.mktemp("made") / "box", free_port())
    box.make()
    return box.state


@pytest.fixture
def installed(tmp_path: Path, release: Path, made: Path) -> Path:
    """A root with version 0.1.0 in place; its programs are this checkout's."""
    root = tmp_path / "root"
    opt = root / "opt" / "hallvakt"
    _version(opt / "versions" / "0.1.0", "0.1.0")
    (opt / "current").symlink_to("versions/0.1.0")
    (root / "etc" / "hallvakt").mkdir(parents=True)
    shutil.copy(release / "release.pub", root / "etc" / "hallvakt" / "release.pub")
    shutil.copytree(made, root / "var" / "lib" / "hallvakt")
    return root


def _version(directory: Path, number: str, answer: str = "hallvakt_media_workers 2.0") -> None:
    """`answer`: what its gateway says when it is asked how it is; empty when it does not run."""
    (directory / ".venv" / "bin").mkdir(parents=True)
    (directory / "systemd").mkdir()
    for name in ("hallvakt-gateway.service", "hallvakt-syncer.timer", "hallvakt.target"):
        shutil.copy(ROOT / "systemd" / name, directory / "systemd" / name)
    (directory / "firmware_scripts").mkdir()
    needs = (SCRIPTS / "box.sh").read_text() + "hv_box_packages=(openssl)\n"  # it is there
    (directory / "firmware_scripts" / "box.sh").write_text(needs)
    (directory / "pyproject.toml").write_text(f'[project]\nversion = "{number}"\n')
    command = directory / ".venv" / "bin" / "hallvakt"
    asked = f"echo '{answer}'" if answer else "exit 5"
    command.write_text(
        f'#!/bin/sh\n[ "$1" != metrics ] || {{ {asked}; exit; }}\n'
        f'exec {sys.executable} -m appliance.cli.main "$@"\n'
    )
    command.chmod(0o755)
    (directory / "complete").touch()


def _sign(release: Path, number: str, packages: str = "openssl") -> Path:
    """A bundle whose version is already unpacked: what an update does after the packages."""
    source = release / "source-of" / number
    _version(source, number)
    with (source / "firmware_scripts" / "box.sh").open("a") as box:
        box.write(f"hv_box_packages=({packages})\n")
    suite = bash("-c", f". {SCRIPTS}/box.sh; hv_suite").stdout
    (release / "debs" / suite).mkdir(parents=True, exist_ok=True)
    with tarfile.open(release / "payload", "w") as tar:
        tar.add(source, "source")
        tar.add(release / "debs", "debs")
    made = bash(
        "-c",
        f"""set -e; . {SCRIPTS}/box.sh; cd {release}; cp payload next.bundle
        sha256sum payload | cut -d' ' -f1 | tr -d '\\n' >digest
        openssl pkeyutl -sign -rawin -inkey release.pem -in digest -out signature
        {{ printf %s $hv_mark; cat signature; }} >>next.bundle""",
    )
    assert made.returncode == 0, made.stderr
    return release / "next.bundle"


def _update(
    root: Path, *words: str, systemctl: str = "true", **environment: str
) -> subprocess.CompletedProcess[str]:
    return bash(
        str(SCRIPTS / "update.sh"),
        *words,
        HALLVAKT_ROOT=str(root),
        HALLVAKT_SYSTEMCTL=systemctl,
        HALLVAKT_UPDATE_PATIENCE="3",
        HALLVAKT_UPDATE_PAUSE="0",
        PYTHONPATH=str(ROOT),
        **environment,
    )


def _running(root: Path) -> str:
    return os.readlink(root / "opt" / "hallvakt" / "current")


def _into_box(root: Path, statement: str) -> None:
    connection = apsw.Connection(str(root / "var/lib/hallvakt/db/box.db"))
    connection.execute(statement)
    connection.close()


def test_an_update_switches_in_one_step_and_goes_back(installed: Path, release: Path) -> None:
    _version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0")
    bundle = _sign(release, "0.2.0")
    done = _update(installed, "--bundle", str(bundle))
    assert done.returncode == 0, done.stderr + done.stdout
    assert _running(installed) == "versions/0.2.0"
    assert (installed / "var/lib/hallvakt/snapshots/before-0.2.0/box.db").exists()
    again = _update(installed, "--bundle", str(bundle))
    assert again.returncode == 4
    back = _update(installed, "--rollback")
    assert back.returncode == 0, back.stderr
    assert _running(installed) == "versions/0.1.0"
    nowhere = _update(installed, "--rollback")
    assert nowhere.returncode == 4
    assert "no version to go back to" in nowhere.stderr


def test_an_update_checks_its_bundle_before_anything_else(installed: Path, release: Path) -> None:
    bundle = _sign(release, "0.2.0")
    content = bytearray(bundle.read_bytes())
    content[600] ^= 1
    bundle.write_bytes(content)
    before = sorted((installed / "opt").rglob("*"))
    done = _update(installed, "--bundle", str(bundle))
    assert done.returncode == 6, done.stdout + done.stderr
    assert "signature" in done.stderr
    assert sorted((installed / "opt").rglob("*")) == before
    assert not (installed / "var/lib/hallvakt/snapshots").exists()


@pytest.mark.parametrize("answer", ["", "hallvakt_media_workers 0.0"])
def test_a_version_that_starts_and_does_not_answer_gives_way_to_the_old_one(
    installed: Path, release: Path, answer: str
) -> None:
    """systemd is content, for the target only wants the gateway; its workers may be missing too."""
    _version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0", answer)
    done = _update(
        installed, "--bundle", str(_sign(release, "0.2.0")), systemctl=shutil.which("true") or ""
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "Version 0.1.0 runs again" in done.stderr
    assert _running(installed) == "versions/0.1.0"


def test_a_version_that_answers_stays(installed: Path, release: Path) -> None:
    """And going back says when the old one does not answer."""
    versions = installed / "opt" / "hallvakt" / "versions"
    _version(versions / "0.2.0", "0.2.0")
    systemctl = shutil.which("true") or ""
    bundle = _sign(release, "0.2.0")
    done = _update(installed, "--bundle", str(bundle), systemctl=systemctl)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _running(installed) == "versions/0.2.0"
    shutil.rmtree(versions / "0.1.0")
    _version(versions / "0.1.0", "0.1.0", answer="")
    back = _update(installed, "--rollback", systemctl=systemctl)
    assert back.returncode == 5
    assert "is back, but the box does not answer" in back.stderr


def test_an_update_brings_packages_that_only_the_new_version_needs(
    installed: Path, release: Path
) -> None:
    versions = installed / "opt" / "hallvakt" / "versions"
    _version(versions / "0.2.0", "0.2.0")
    bundle = _sign(release, "0.2.0", packages="hallvakt-needs-this")
    programs = release / "programs"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text('#!/bin/sh\necho "$@" >>"$0.asked"\n')
    apt.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    done = _update(installed, "--bundle", str(bundle), PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "--no-install-recommends hallvakt-needs-this" in apt.with_name("apt-get.asked").read_text()
    )
    assert _running(installed) == "versions/0.2.0"


def test_a_unit_that_only_another_version_has_goes_with_it(installed: Path, release: Path) -> None:
    units = installed / "etc" / "systemd" / "system"
    versions = installed / "opt" / "hallvakt" / "versions"
    _version(versions / "0.2.0", "0.2.0")
    (versions / "0.2.0" / "systemd" / "hallvakt-later@.service").write_text("[Service]\n")
    done = _update(installed, "--bundle", str(_sign(release, "0.2.0")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (units / "hallvakt-later@.service").exists()
    (units / "hallvakt.target.wants").mkdir()
    (units / "other.service").touch()
    assert _update(installed, "--rollback").returncode == 0
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

    bundle = ("--bundle", str(_sign(release, "0.1.0")), "--key", str(release / "release.pub"))
    units = installed / "etc" / "systemd" / "system"
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
    assert "coturn.service stays off" in install("--uninstall")
    assert list(installed.rglob("*hallvakt*")) == [installed / "var/lib/hallvakt"]
    assert _seen(installed / "var") == before


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
    _version(installed / "opt" / "hallvakt" / "versions" / "0.2.0", "0.2.0")
    refuses = installed / "systemctl"  # a restart that fails, as systemd says it
    refuses.write_text(
        '#!/bin/sh\n[ "$1" != restart ] || [ -e "$0.tried" ] || { touch "$0.tried"; exit 1; }\n'
    )
    refuses.chmod(0o755)
    bundle = _sign(release, "0.2.0")
    done = _update(installed, "--bundle", str(bundle), systemctl=str(refuses))
    assert done.returncode == 5
    assert "Version 0.1.0 runs again" in done.stderr
    assert _running(installed) == "versions/0.1.0"


def test_going_back_needs_the_snapshot_where_the_old_version_cannot_do_without(
    installed: Path,
) -> None:
    """The first erasure takes it away: an old version over new databases would not start."""
    _version(installed / "opt" / "hallvakt" / "versions" / "0.0.9", "0.0.9")
    (installed / "opt" / "hallvakt" / "previous").write_text("0.0.9\n")
    _into_box(installed, "INSERT INTO schema_migrations VALUES (9999, 'of a later version')")
    done = _update(installed, "--rollback")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "There is no snapshot" in done.stderr
    assert not (installed / "opt/hallvakt/unfinished").exists()
    assert _running(installed) == "versions/0.1.0"


@pytest.mark.parametrize("way", ["--rollback", "--bundle"])
def test_a_live_exam_is_left_alone(installed: Path, release: Path, way: str) -> None:
    """Neither way stops the box, or puts anything beside the version that runs."""
    versions = installed / "opt" / "hallvakt" / "versions"
    _version(versions / "0.0.9", "0.0.9")
    (installed / "opt" / "hallvakt" / "previous").write_text("0.0.9\n")
    _into_box(installed, LIVE_EXAM)
    asked = installed / "systemctl"
    asked.write_text('#!/bin/sh\necho "$@" >>"$0.asked"\n')
    asked.chmod(0o755)
    words = [way] if way == "--rollback" else [way, str(_sign(release, "0.2.0"))]
    done = _update(installed, *words, systemctl=str(asked))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "left alone for Matematik" in done.stderr
    assert not asked.with_name("systemctl.asked").exists()
    assert _running(installed) == "versions/0.1.0"
    assert {path.name for path in versions.iterdir()} == {"0.0.9", "0.1.0"}


def test_installing_another_version_over_a_box_is_left_to_the_update(
    installed: Path, release: Path
) -> None:
    words = ("--bundle", str(_sign(release, "0.2.0")))
    before = sorted(installed.rglob("*"))
    done = bash(str(SCRIPTS / "install.sh"), *words, HALLVAKT_ROOT=str(installed))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "update.sh --bundle" in done.stderr
    assert sorted(installed.rglob("*")) == before
    (installed / "var/lib/hallvakt/box.toml").unlink()  # nothing yet that could be lost
    dry = bash(str(SCRIPTS / "install.sh"), *words, "--dry-run", HALLVAKT_ROOT=str(installed))
    assert dry.returncode == 0, dry.stderr
    assert "versions/0.2.0" in dry.stdout


def _with_scripted_snapshots(directory: Path) -> None:
    """Its databases are somebody else's test; it starts at once."""
    command = directory / ".venv" / "bin" / "hallvakt"
    command.write_text(
        command.read_text().replace("exec ", '[ "$1" != snapshot ] || exit 0\nexec ')
    )


@pytest.mark.parametrize("answers", [True, False])
def test_a_power_cut_at_any_step_leaves_a_box_that_starts(
    installed: Path, release: Path, answers: bool
) -> None:
    """The script is killed where it waits for the disk, one step later each time, until one comes
    through. After each, one version runs, every unit is whole, and --finish ends it well."""
    opt, units = installed / "opt" / "hallvakt", installed / "etc" / "systemd" / "system"
    answer = "hallvakt_media_workers 2.0" if answers else ""
    _version(opt / "versions" / "0.2.0", "0.2.0", answer)
    for number in ("0.1.0", "0.2.0"):
        _with_scripted_snapshots(opt / "versions" / number)
        unit = opt / "versions" / number / "systemd" / "hallvakt-gateway.service"
        unit.write_text(f"# {number}\n" * 1000)
    known = {path.read_bytes() for path in opt.glob("versions/*/systemd/*")}
    bundle, cut, told = _sign(release, "0.2.0"), 0, set[str]()
    systemctl = shutil.which("true") or ""
    programs = release / "programs"
    programs.mkdir()
    (programs / "sync").write_text(
        '#!/bin/sh\necho >>"$0.calls"\n[ "$(wc -l <"$0.calls")" != "$CUT" ] || kill -9 $PPID\n'
    )
    (programs / "sync").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    while True:
        cut += 1
        (programs / "sync.calls").unlink(missing_ok=True)
        words = ("--bundle", str(bundle))
        done = _update(installed, *words, systemctl=systemctl, PATH=path, CUT=str(cut))
        if done.returncode != -9:
            break
        assert (opt / os.readlink(opt / "current") / "complete").exists()
        assert {unit.read_bytes() for unit in units.glob("hallvakt*")} <= known
        told.add(_update_broken_off(opt / "unfinished"))  # by the doctor, until it is finished
        done = _update(installed, "--finish", systemctl=systemctl)
        assert done.returncode == 0, (cut, done.stdout + done.stderr)
        now = os.readlink(opt / "current")
        assert not (opt / "unfinished").exists()
        if (units / "hallvakt-gateway.service").exists():
            gateway = (units / "hallvakt-gateway.service").read_bytes()
            assert gateway == (opt / now / "systemd" / "hallvakt-gateway.service").read_bytes()
        assert answers or now == "versions/0.1.0"
        (opt / "current").unlink()
        (opt / "current").symlink_to("versions/0.1.0")  # and once more, from the beginning
    assert cut > 6
    assert told == {"", "0.1.0 → 0.2.0"}  # before the switch nothing is broken off
    assert done.returncode == (0 if answers else 5), done.stdout + done.stderr
    assert _running(installed) == f"versions/{'0.2.0' if answers else '0.1.0'}"


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_box_is_installed_in_a_debian_of_its_own() -> None:
    done = subprocess.run(
        ["bash", str(SCRIPTS / "try_install.sh")], capture_output=True, text=True, timeout=1700
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "All as it should be." in done.stdout
