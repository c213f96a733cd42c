"""Single steps of the installer: what it refuses, how a version comes about or leaves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.install.scripts import SCRIPTS, bash
from tests.support.box import ROOT


def test_a_dry_run_does_not_say_that_it_is_done(tmp_path: Path) -> None:
    for words in (["--dry-run"], ["--dry-run", "--uninstall"]):
        done = bash(str(SCRIPTS / "install.sh"), *words, HALLVAKT_ROOT=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("This was a dry run: nothing was changed.\n")
        assert "Done" not in done.stdout


@pytest.mark.parametrize(
    ("script", "word"),
    [("install.sh", "--bundle"), ("install.sh", "--key"), ("update.sh", "--bundle"),
     ("build_bundle.sh", "--out")],
)  # fmt: skip
def test_an_option_without_its_file_is_said(script: str, word: str) -> None:
    done = bash(str(SCRIPTS / script), word)
    assert (done.returncode, done.stderr) == (2, f"{word} needs a file; try --help.\n")


@pytest.mark.parametrize(
    ("said", "what", "name"),
    [("PRETTY_NAME='Ubuntu 24.04'\nVERSION_CODENAME=noble\n", "x86_64", "This is Ubuntu 24.04."),
     ("PRETTY_NAME=Debian\nVERSION_CODENAME=trixie\n", "aarch64", "This machine is aarch64;"),
     ("", "x86_64", "This is an unknown system.")],
)  # fmt: skip
def test_what_it_is_not_made_for_is_refused(
    tmp_path: Path, said: str, what: str, name: str
) -> None:
    """With the system's own description and kernel in words of ours."""
    (tmp_path / "os-release").write_text(said)
    text = (SCRIPTS / "box.sh").read_text().replace("/etc/os-release", f"{tmp_path}/os-release")
    (tmp_path / "box.sh").write_text(text)
    call = f"uname() {{ echo {what}; }}; . {tmp_path}/box.sh; hv_must_be_debian"
    done = bash("-c", call)
    assert done.returncode == 4
    assert done.stderr.startswith(name)
    (tmp_path / "os-release").write_text("PRETTY_NAME=Debian\nVERSION_CODENAME=trixie\n")
    assert bash("-c", call.replace("aarch64", "x86_64")).returncode == 0


# Stands for Python, and for the one of the new version: says what it is asked.
_PYTHON = """#!/bin/sh
echo "$@" >>"$ASKED"
[ "$2" != venv ] || { mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/hallvakt"; }
[ -z "$FAILS" ] || case "$*" in *"$FAILS"*) echo "it says why" >&2; exit 1 ;; esac
"""


_SOURCE = (
    *("appliance/a", "tui/a", "models/a", "systemd/a", "firmware_scripts/box_requirements.py"),
    *("pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md"),
)
_NUMBER = f". {SCRIPTS}/box.sh; hv_version {ROOT}"


def _with_its_python(tmp_path: Path) -> str:
    """A PATH on which `python3` is `_PYTHON`."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").write_text(_PYTHON)
    (programs / "python3").chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


def _version(tmp_path: Path, wheels: str, **environment: str) -> tuple[int, str, list[str]]:
    """Puts this tree's version: the code, what it said, and what Python was asked for."""
    put = f"hv_put_version {ROOT} '{wheels}' ''"
    done = bash(
        "-c",
        f". {SCRIPTS}/box.sh; trap hv_tidy EXIT; {put}",
        PATH=_with_its_python(tmp_path),
        HALLVAKT_ROOT=str(tmp_path / "root"),
        ASKED=str(tmp_path / "asked"),
        **{"FAILS": "", **environment},
    )
    asked = tmp_path / "asked"
    lines = asked.read_text().splitlines() if asked.exists() else []
    return done.returncode, done.stderr, [line for line in lines if "pip install" in line]


@pytest.mark.parametrize("wheels", ["", "/bundle/wheels"], ids=["online", "offline"])
def test_python_packages_come_by_their_hashes_and_offline_from_the_bundle_alone(
    tmp_path: Path, wheels: str
) -> None:
    version = tmp_path / "root/opt/hallvakt/versions" / bash("-c", _NUMBER).stdout.strip()
    (version / "appliance").mkdir(parents=True)
    (version / "appliance" / "half.py").touch()  # of an install that was killed
    code, said, (packages, itself) = _version(tmp_path, wheels)
    assert code == 0, said
    assert not (version / "appliance" / "half.py").exists()
    assert "--require-hashes --only-binary :all:" in packages
    assert ("--no-index --find-links /bundle/wheels" in packages) == bool(wheels)
    assert "--no-deps --no-build-isolation --no-index" in itself
    assert (version / "complete").exists()


def test_a_version_that_does_not_come_about_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    code, said, _ = _version(tmp_path, "", FAILS="--require-hashes")
    assert code == 5
    assert "Python packages could not be installed: the lines above say why." in said
    assert list((tmp_path / "root/opt/hallvakt/versions").iterdir()) == []


def test_a_disk_without_room_is_said_before_anything_is_put_on_it(tmp_path: Path) -> None:
    code, said, asked = _version(tmp_path, "", HALLVAKT_VERSION_MB="999999999")
    assert (code, asked) == (5, [])
    assert "999999999 are needed: free room first" in said
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("of_a_bundle", [False, True], ids=["online", "offline"])
def test_debian_packages_wait_for_another_apt_and_ask_nothing(
    tmp_path: Path, of_a_bundle: bool
) -> None:
    """A Debian that has just started updates its own lists; settings that somebody changed stay."""
    apt = tmp_path / "programs" / "apt-get"
    apt.parent.mkdir()
    apt.write_text('#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >>"$0.asked"\n[ -z "$FAILS" ]\n')
    apt.chmod(0o755)
    suite = bash("-c", f". {SCRIPTS}/box.sh; hv_suite").stdout
    (tmp_path / "debs" / suite).mkdir(parents=True)
    debs = str(tmp_path / "debs") if of_a_bundle else ""
    put = f". {SCRIPTS}/box.sh; hv_box_packages=(hallvakt-needs-this); hv_put_debs '{debs}'"

    def call(fails: str) -> tuple[int, str]:
        path = f"{apt.parent}:{os.environ['PATH']}"
        done = bash("-c", put, PATH=path, FAILS=fails)
        return done.returncode, done.stderr

    assert call("") == (0, "")
    fetched, installed = apt.with_name("apt-get.asked").read_text().splitlines()
    for asked in (fetched, installed):
        assert asked.startswith("noninteractive ")
        assert "DPkg::Lock::Timeout=300" in asked
    assert fetched.endswith(" update")
    assert "Dpkg::Options::=--force-confold" in installed
    assert "--no-install-recommends hallvakt-needs-this" in installed
    code, said = call("yes")
    assert code == 5
    assert "the lines above say why" in said.replace("\n", " ")


@pytest.mark.parametrize("there", [True, False], ids=["with a TPM", "without"])
def test_a_machine_with_a_tpm_gets_what_systemd_reaches_it_through(
    tmp_path: Path, there: bool
) -> None:
    """Debian leaves those libraries out, and systemd then says that there is no TPM."""
    device = tmp_path / "tpm0"
    if there:
        device.touch()
    text = (SCRIPTS / "box.sh").read_text().replace("/sys/class/tpm/tpm0", str(device))
    (tmp_path / "box.sh").write_text(text)
    nothing_missing = "dpkg-query() { printf installed; }"
    done = bash("-c", f"{nothing_missing}; . {tmp_path}/box.sh; hv_put_debs ''")
    assert done.returncode == 0, done.stderr
    assert ("tpm2-tools" in done.stdout) == there
    assert "all there" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_a_version_is_root_s_and_read_by_all_whoever_unpacked_it_and_root_s_umask(
    tmp_path: Path,
) -> None:
    """The box's own users read it; who copied it to the machine may not change what they run."""
    source = tmp_path / "source"
    for name in _SOURCE:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text('version = "7"\n')
    for path in (source, *source.rglob("*")):
        os.chown(path, 1234, 1234)
    done = bash(
        "-c",
        f"umask 077; . {SCRIPTS}/box.sh; hv_put_version {source} '' ''",
        PATH=_with_its_python(tmp_path),
        HALLVAKT_ROOT=str(tmp_path / "root"),
        ASKED=str(tmp_path / "asked"),
        FAILS="",
    )
    assert done.returncode == 0, done.stderr
    version = tmp_path / "root/opt/hallvakt/versions/7"
    found = [version, *version.rglob("*")]
    assert len(found) > len(_SOURCE)
    assert {path.lstat().st_uid for path in found} == {0}
    closed = [path for path in found if not path.lstat().st_mode & 0o004]
    assert closed == []
