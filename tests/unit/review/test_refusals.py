"""All that the reviewer's page can be refused with has Swedish: the source is walked for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import appliance
from appliance.core import errors
from appliance.review.refusals import in_language, refusals
from tests.support.said import said_by, still_english

_BOX = Path(appliance.__file__).parent
_REFUSED = {
    name: (0,)
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HallvaktError)
}
# What stands behind the page: itself, the archive and its proof, decisions, keys, the cloud's ends.
_BEHIND = (
    "review/archive.py", "review/decisions.py", "review/page.py", "review/receipts.py",
    "review/record.py", "review/report.py", "review/views.py",
    "services/archive_listing.py", "core/ids.py", "core/manifest.py", "core/manifest_payload.py",
    "core/review_decision.py", "adapters/crypto/deterministic.py", "adapters/crypto/envelopes.py",
    "adapters/crypto/objects.py", "adapters/cloud/directory.py", "adapters/cloud/gcs.py",
    "adapters/cloud/gcs_http.py", "adapters/cloud/names.py", "adapters/cloud/records.py",
    "adapters/cloud/residency.py", "adapters/cloud/retrying.py", "adapters/cloud/s3.py",
    "adapters/cloud/s3_session.py",
)  # fmt: skip


def _said() -> Iterator[tuple[str, str]]:
    for name in _BEHIND:
        for line, sample in said_by(_BOX / name, {**_REFUSED, "_problem": (2,)}):
            yield f"{name}:{line}", sample


def test_no_refusal_was_forgotten() -> None:
    swedish = refusals()["sv"]
    said = list(_said())
    assert len(said) > 60
    missing = {
        where: parts
        for where, sample in said
        if (parts := still_english(sample, swedish.said, swedish.recognised))
    }
    assert missing == {}, "write these into appliance/languages/refusals/sv.po"


def test_the_page_is_answered_in_the_language_it_asks_in() -> None:
    english = "Manifest 3 is missing or was replaced."
    assert (
        in_language("sv-SE,sv;q=0.9,en;q=0.8", english) == "Manifest 3 saknas eller har bytts ut."
    )
    assert [in_language(asked, english) for asked in ("en", "fi", "")] == [english] * 3
    whole = in_language(
        "sv", f"What you look at cannot be written down, so nothing is shown. {english}"
    )
    assert whole.endswith("så inget visas. Manifest 3 saknas eller har bytts ut.")
