"""The settings file for Safe Exam Browser, read back as SEB reads it."""

from __future__ import annotations

import gzip
import plistlib

import pytest

from appliance.cli import seb_file

# As SEB's own source has them: SafeExamBrowser/seb-win-refactoring, `Keys.cs`; for browserMedia*
# and the name and type (certificateTypeCA = 2) of a certificate SafeExamBrowser/seb-mac.
DOCUMENTED = {
    "originatorVersion": str,
    "sebConfigPurpose": int,
    "startURL": str,
    "quitURL": str,
    "quitURLConfirm": bool,
    "allowQuit": bool,
    "browserMediaCaptureCamera": bool,
    "browserMediaCaptureMicrophone": bool,
    "browserMediaCaptureScreen": bool,
    "URLFilterEnable": bool,
    "URLFilterEnableContentFilter": bool,
    "URLFilterRules": list,
    "browserViewMode": int,
    "browserWindowAllowReload": bool,
    "allowBrowsingBackForward": bool,
    "enableZoomPage": bool,
    "examSessionClearCookiesOnStart": bool,
    "examSessionClearCookiesOnEnd": bool,
    "removeBrowserProfile": bool,
    "allowSpellCheck": bool,
    "embeddedCertificates": list,
}
RULE = {"active": bool, "regex": bool, "expression": str, "action": int}
CERTIFICATE = {"certificateData": bytes, "name": str, "type": int}
PAGE, AUTHORITY = "https://box.school.example:8443", b"\x30\x03\x02\x01\x01"


def test_every_key_is_documented_and_of_its_type() -> None:
    chosen = seb_file.settings(PAGE, "ABC234", AUTHORITY)
    assert {name: type(value) for name, value in chosen.items()} == DOCUMENTED
    for rule in chosen["URLFilterRules"]:
        assert {name: type(value) for name, value in rule.items()} == RULE
    [certificate] = chosen["embeddedCertificates"]
    assert {name: type(value) for name, value in certificate.items()} == CERTIFICATE
    assert certificate["type"] == 2, "an authority"


def test_the_file_is_the_container_that_seb_reads() -> None:
    chosen = seb_file.settings(PAGE, "ABC234", AUTHORITY)
    content = seb_file.encode(chosen)
    assert content == seb_file.encode(dict(reversed(chosen.items())))
    outer = gzip.decompress(content)
    assert outer[:4] == b"plnd"
    plist = gzip.decompress(outer[4:])
    assert plist.startswith(b"<?xml")
    assert plistlib.loads(plist) == chosen == seb_file.decode(content)


def test_it_opens_the_page_and_nothing_else_with_camera_and_without_screen() -> None:
    chosen = seb_file.settings(PAGE, "ABC234", None)
    assert chosen["startURL"] == "https://box.school.example:8443/?e=ABC234"
    assert chosen["quitURL"].startswith(PAGE)
    assert [r["expression"] for r in chosen["URLFilterRules"]] == ["box.school.example:8443/*"]
    assert chosen["URLFilterEnable"] is True
    assert chosen["browserMediaCaptureCamera"] is chosen["browserMediaCaptureMicrophone"] is True
    assert chosen["browserMediaCaptureScreen"] is False
    assert "embeddedCertificates" not in chosen, "a public certificate needs none"


@pytest.mark.parametrize(
    "content",
    [b"", b"plnd", gzip.compress(b"pswd" + b"x" * 40), gzip.compress(b"plndnot gzip")],
    ids=["empty", "bare", "with a password", "not gzip inside"],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="settings file"):
        seb_file.decode(content)
