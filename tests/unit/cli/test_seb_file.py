"""The settings file for Safe Exam Browser, read back as SEB reads it."""

from __future__ import annotations

import gzip
import plistlib
import re
from urllib.parse import urlsplit

import pytest

from appliance.cli import seb_file

# What SEB's own sources read of what is written here. Windows: SafeExamBrowser/seb-win-refactoring,
# `Keys.cs` at 00546b71 (2025), where a mapper checks the value's type. Mac (and iOS):
# SafeExamBrowser/seb-mac, `SEBSettings.m` at 00bcd7b8 (2025), with the default it has.
# `certificateTypeCA` is 2, `webViewSelectForceModern` 3.
NO_DEFAULT = "not among the defaults"
READ = {  # name: type, read on Windows, default on the Mac
    "originatorVersion": (str, True, NO_DEFAULT),
    "sebConfigPurpose": (int, True, 0),
    "startURL": (str, True, "SEB's own page"),
    "quitURL": (str, True, ""),
    "quitURLConfirm": (bool, True, True),
    "allowQuit": (bool, True, True),
    "browserMediaCaptureCamera": (bool, False, False),
    "browserMediaCaptureMicrophone": (bool, False, False),
    "browserMediaCaptureScreen": (bool, False, False),
    "browserWindowWebView": (int, False, "modern in foreign new tabs"),
    "mobileCompactAllowInlineMediaPlayback": (bool, False, False),
    "URLFilterEnable": (bool, True, False),
    "URLFilterEnableContentFilter": (bool, True, False),
    "URLFilterRules": (list, True, []),
    "browserViewMode": (int, True, "window"),
    "browserWindowAllowReload": (bool, True, True),
    "allowBrowsingBackForward": (bool, True, False),
    "enableZoomPage": (bool, True, True),
    "examSessionClearCookiesOnStart": (bool, True, True),
    "examSessionClearCookiesOnEnd": (bool, True, True),
    "removeBrowserProfile": (bool, True, True),
    "allowSpellCheck": (bool, True, False),
    "embeddedCertificates": (list, True, []),
}
# Names that stand in older descriptions and that neither reads any more.
GONE = {"allowVideoCapture", "allowAudioCapture"}
RULE = {"active": bool, "regex": bool, "expression": str, "action": int}
CERTIFICATE = {"certificateData": bytes, "name": str, "type": int}
PAGE, AUTHORITY = "https://box.school.example:8443", b"\x30\x03\x02\x01\x01"


def test_every_key_is_documented_and_of_its_type() -> None:
    chosen = seb_file.settings(PAGE, "ABC234", AUTHORITY)
    assert {n: type(value) for n, value in chosen.items()} == {n: READ[n][0] for n in READ}
    assert not GONE & chosen.keys()
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
    assert chosen["browserWindowWebView"] == 3, "SEB's older view has neither camera nor recorder"
    assert "embeddedCertificates" not in chosen, "a public certificate needs none"


def test_what_is_not_sent_yet_outlives_seb() -> None:
    """Each of these is on by default somewhere and would empty the page's own database."""
    chosen = seb_file.settings(PAGE, "ABC234", None)
    for name in (
        "examSessionClearCookiesOnStart",
        "examSessionClearCookiesOnEnd",
        "removeBrowserProfile",
    ):
        assert READ[name][2] is True
        assert chosen[name] is False


def simplified(expression: str, url: str) -> bool:
    """The rule for the filter's simple expressions, as SEB for Windows reads them: host and its
    subdomains, port if given, path with wildcards."""
    rule = re.fullmatch(r"(?P<host>[^/:]+)(?::(?P<port>\d+))?(?P<path>/.*)?", expression)
    assert rule is not None
    parts = urlsplit(url)
    host = rf"(.+?\.)*{re.escape(rule['host'])}"
    path = re.escape(rule["path"]).replace(r"\*", ".*")
    return bool(
        re.fullmatch(host, parts.hostname or "", re.IGNORECASE)
        and int(rule["port"] or parts.port or 443) == (parts.port or 443)
        and re.fullmatch(f"{path}/?", parts.path)
    )


@pytest.mark.parametrize(
    ("page", "url", "allowed"),
    [
        (PAGE, f"{PAGE}/?e=ABC234", True),
        (PAGE, f"{PAGE}/quit", True),
        (PAGE, "https://box.school.example/", False),
        (PAGE, "https://box.school.example.evil.example:8443/", False),
        ("https://10.0.0.5", "https://10.0.0.5/?e=ABC234", True),
        ("https://10.0.0.5", "https://10.0.0.50/", False),
    ],
)
def test_the_filter_lets_the_page_through_and_no_other(page: str, url: str, allowed: bool) -> None:
    [rule] = seb_file.settings(page, "ABC234", None)["URLFilterRules"]
    assert simplified(rule["expression"], url) is allowed


@pytest.mark.parametrize(
    "content",
    [b"", b"plnd", gzip.compress(b"pswd" + b"x" * 40), gzip.compress(b"plndnot gzip")],
    ids=["empty", "bare", "with a password", "not gzip inside"],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="settings file"):
        seb_file.decode(content)
