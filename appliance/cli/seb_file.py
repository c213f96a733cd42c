"""A settings file for Safe Exam Browser that opens the candidate's page and nothing else.

The file is gzip("plnd" + gzip(property list in XML)): the container that SEB's own configuration
tool writes without encryption (safeexambrowser.org, "SEB File Format"). Each key was looked up in
SEB's own sources; the table of what each reads is in the test of this module. SEB for Windows knows
no key for camera and microphone (its browser allows both always) and takes no authority out of a
settings file: there the box's must be installed.
"""

from __future__ import annotations

import gzip
import plistlib
from typing import Any
from urllib.parse import urlsplit

_UNENCRYPTED = b"plnd"
_STARTS_AN_EXAM = 0  # sebConfigPurpose; 1 would reconfigure the client for good
_AUTHORITY = 2  # type of an embedded certificate
_ALLOW = 1  # action of a rule of the URL filter; what no rule allows is blocked
_FULL_SCREEN = 1
_MODERN_WEB_VIEW = 3  # of SEB for macOS; its older one knows neither camera nor recorder

QUIT_PATH = "/quit"


def settings(page_url: str, exam_code: str, authority: bytes | None) -> dict[str, Any]:
    """The settings of one exam. `page_url` is the box's address without a slash at its end;
    `authority` (DER) is embedded, so that SEB for macOS and iOS trusts the box without anything
    being installed."""
    allowed = urlsplit(page_url).netloc
    chosen: dict[str, Any] = {
        "originatorVersion": "Hallvakt",
        "sebConfigPurpose": _STARTS_AN_EXAM,
        "startURL": f"{page_url}/?e={exam_code}",
        # The page shows a link there after the hand-in; SEB ends instead of opening it.
        "quitURL": page_url + QUIT_PATH,
        "quitURLConfirm": False,
        # An invigilator must be able to end a stuck computer; a school adds its password.
        "allowQuit": True,
        "browserMediaCaptureCamera": True,
        "browserMediaCaptureMicrophone": True,
        "browserMediaCaptureScreen": False,
        "browserWindowWebView": _MODERN_WEB_VIEW,
        "mobileCompactAllowInlineMediaPlayback": True,  # one's own picture stays in the page
        "URLFilterEnable": True,
        "URLFilterEnableContentFilter": False,
        "URLFilterRules": [
            {"active": True, "regex": False, "expression": f"{allowed}/*", "action": _ALLOW}
        ],
        "browserViewMode": _FULL_SCREEN,
        "browserWindowAllowReload": True,  # nothing is lost by it
        "allowBrowsingBackForward": False,
        "enableZoomPage": True,  # WCAG 1.4.4
        # The page's own database holds what is not sent yet: it must outlive a crash of SEB.
        "examSessionClearCookiesOnStart": False,
        "examSessionClearCookiesOnEnd": False,
        "removeBrowserProfile": False,
        "allowSpellCheck": False,
    }
    if authority is not None:
        chosen["embeddedCertificates"] = [
            {"certificateData": authority, "name": "Hallvakt box", "type": _AUTHORITY}
        ]
    return chosen


def encode(chosen: dict[str, Any]) -> bytes:
    """The bytes of a `.seb` file; the same settings give the same bytes."""
    plist = plistlib.dumps(chosen, fmt=plistlib.FMT_XML, sort_keys=True)
    return gzip.compress(_UNENCRYPTED + gzip.compress(plist, mtime=0), mtime=0)


def decode(content: bytes) -> dict[str, Any]:
    """The settings in a file that `encode` made; raise ValueError for anything else."""
    try:
        inside = gzip.decompress(content)
        if inside[:4] != _UNENCRYPTED:
            raise ValueError("an encrypted or foreign settings file")
        found: dict[str, Any] = plistlib.loads(gzip.decompress(inside[4:]))
    except (OSError, EOFError, plistlib.InvalidFileException) as error:
        raise ValueError("not a settings file of Safe Exam Browser") from error
    return found
