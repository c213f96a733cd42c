"""Everything the box says on the console in sentences of its own has Swedish: the source is walked
for every gate check, every check of the doctor and every announcement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

import appliance
from appliance.core import checkup, errors, start_gate
from appliance.core.first_boot import Note, Standing
from appliance.core.night_forecast import Forecast
from appliance.core.night_window import Span
from appliance.core.snippet import PriorityClass
from tests.support.said import said_by, still_english
from tui.check_lines import check_name
from tui.first_boot.words import lines
from tui.told import recognised, told

_BOX = Path(appliance.__file__).parent
_CHECKS = {"ok": (1,), "warn": (1, 2), "fail": (1, 2)}
_ANNOUNCED = {"announce": (1,), "_announce": (1,), "_tell": (2,)}
_GATE = (
    "core/start_gate.py", "core/checkup.py", "core/checkup_microphone.py", "core/checkup_erased.py",
    "core/checkup_certificate.py", "core/checkup_credentials.py", "core/checkup_network.py",
    "processes/checkup_parts.py",
    "processes/checkup_stock.py",
)  # fmt: skip
# Why a live view ends, and the refusals that come on its way and on the way to the start.
_VIEW_ENDS = {"end_attempt": (1,), "end_person": (1,), "end_exam": (1,), "end_all": (0,)}
_VIEW_ENDS_HERE = {"end": (1,)}
_REFUSALS = dict.fromkeys(("NotAllowed", "WrongState", "Unreachable", "NotFound"), (0,))
_LIVE_WAY = ("services/live_view.py", "web/live_signalling.py")
_ON_THE_WAY = (
    "services/live_view.py", "services/channels.py", "services/access.py", "core/roles.py",
    "services/start_gate.py", "adapters/store/attempts.py", "adapters/store/exams.py",
)  # fmt: skip
# What a probe of the doctor may end with, which is then the finding.
_ENDS = ("IntegrityFailure", "NoRoom", "SqliteFailure", "Unreachable", "WrongConfiguration")
_PROBE_ENDS = dict.fromkeys(_ENDS, (0,))
_PROBED = (
    "adapters/crypto/signing.py", "adapters/host/certificate_keeper.py", "adapters/host/tls.py",
    "adapters/relay/child.py", "adapters/relay/configuration.py", "adapters/relay/coturn.py",
    "adapters/relay/lint.py", "adapters/relay/loopback.py", "adapters/relay/unit.py",
    "adapters/store/failures.py",
)  # fmt: skip
# What is answered to an act of an invigilator that is not possible, and to whatever a console asks.
_REFUSED = {
    name: (0,)
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HallvaktError)
} | dict.fromkeys(("Throttled", "TooSlow", "SqliteFailure"), (0,))
_ACTS = (
    "services/accommodations.py", "services/acts.py", "services/decisions.py",
    "services/evidence.py", "services/group_acts.py", "services/hall.py", "services/key_ring.py",
    "services/live_wraps.py", "services/seating.py", "services/shift_desk.py",
    "services/throttle.py", "services/token_buckets.py", "core/accommodation.py",
    "core/attempt.py", "core/exam.py", "core/incident.py", "core/selection.py",
    "web/attempt_api.py", "web/bodies.py", "web/console_feed.py", "services/exam_life.py",
    "services/names.py", "services/preparation.py", "services/sealed_objects.py",
    "services/takeovers.py", "core/ids.py", "adapters/store/attempts.py",
    "adapters/store/attendance.py", "adapters/store/database.py", "adapters/store/exams.py",
    "adapters/store/failures.py", "adapters/store/observations.py", "adapters/store/snippets.py",
)  # fmt: skip
# What `hallvakt` refuses when the first boot runs it.
_FIRST_BOOT = (
    "cli/init.py", "cli/first_people.py", "cli/certificate.py", "cli/sync_configure.py",
    "cli/keys.py", "cli/rehearse.py", "cli/rehearsal_sound.py", "cli/record_page.py",
    "rehearsal/class_held.py", "rehearsal/class_rehearsal.py", "services/cloud_probe.py",
    "adapters/cloud/endpoint.py", "adapters/cloud/google_token.py",
    "adapters/crypto/private_keys.py", "adapters/cloud/gcs.py", "adapters/cloud/gcs_http.py",
    "adapters/cloud/records.py", "adapters/cloud/residency.py", "adapters/cloud/retrying.py",
    "adapters/cloud/s3.py", "adapters/cloud/s3_session.py", "config/strict_toml.py",
)  # fmt: skip
# Names, numbers and commands alone: the same in every language.
_ALIKE = re.compile(r"(coturn|SQLite|Hallvakt) 7.*|7: 7|/opt/hallvakt/.*")


def everything() -> Iterator[tuple[str, str]]:
    for name in _GATE:
        for line, sample in said_by(_BOX / name, _CHECKS):
            yield f"{name}:{line}", sample
    for line, sample in said_by(_BOX / "core" / "disk.py", {"NoRoom": (0,), "Unreachable": (0,)}):
        yield f"core/disk.py:{line}", sample
    for file in sorted((_BOX / "services").glob("*.py")):
        for line, sample in said_by(file, _ANNOUNCED):
            yield f"{file.name}:{line}", sample
    for name in _PROBED:
        for line, sample in said_by(_BOX / name, _PROBE_ENDS):
            yield f"{name}:{line}", sample
    for name in (*_ACTS, *_FIRST_BOOT):
        for line, sample in said_by(_BOX / name, _REFUSED):
            yield f"{name}:{line}", sample
    yield from on_the_live_way()


def on_the_live_way() -> Iterator[tuple[str, str]]:
    for part in ("services", "web", "processes"):
        for file in sorted((_BOX / part).glob("*.py")):
            for line, sample in said_by(file, _VIEW_ENDS):
                yield f"{part}/{file.name}:{line}", sample
    for name in _LIVE_WAY:
        for line, sample in said_by(_BOX / name, _VIEW_ENDS_HERE):
            yield f"{name}:{line}", sample
    for name in _ON_THE_WAY:
        for line, sample in said_by(_BOX / name, _REFUSALS):
            yield f"{name}:{line}", sample
    for line, sample in said_by(_BOX / "services" / "accounts.py", {"NotLoggedIn": (0,)}):
        yield f"services/accounts.py:{line}", sample


def unknown(sentence: str) -> list[str]:
    """Parts of `sentence` that stay English."""
    return [s for s in still_english(sentence, told, recognised) if not _ALIKE.fullmatch(s)]


def test_no_sentence_of_the_box_was_forgotten(swedish: None) -> None:
    said = list(everything())
    assert len(said) > 100
    missing = {where: parts for where, sample in said if (parts := unknown(sample))}
    assert missing == {}, "write these into tui/languages/box/sv.po"


def test_every_check_has_a_swedish_name(swedish: None) -> None:
    alike = {"disk", "tpm"}
    calls = dict.fromkeys(_CHECKS, (0,))
    names = {name for file in _GATE for _, name in said_by(_BOX / file, calls)}
    names |= {"database", "files", "ports"}  # probes that end before they have found anything
    assert len(names) > 20
    english = {name for name in names - alike if check_name(checkup.warn(name, "", "")) == name}
    assert english == set()


def test_the_live_way_is_walked(swedish: None) -> None:
    said = {sample for _, sample in on_the_live_way()}
    reasons = {
        "The exam is closed.", "The attempt is over.", "The candidate has handed in.",
        "The candidate's page is gone.", "Your passphrase was changed.", "This login was removed.",
        "This login's second factor was reset.", "The box is stopping.",
        "The relay of live views stopped.", "The candidate's link to the relay is lost.",
        "You are not assigned to this hall.", "Please log in (again).",
    }  # fmt: skip
    assert reasons <= said
    assert told("The relay of live views stopped.") == "Reläet för livebilder har stannat."


def test_values_stay_and_values_that_are_sentences_are_translated(swedish: None) -> None:
    assert told(start_gate.disk(2_000_000_000, 9_000_000_000).detail) == (
        "provet behöver 2.0 GB, 9.0 GB är lediga"
    )
    order = tuple((kind, 2_000_000_000) for kind in PriorityClass)
    span = Span(opens_ms=1, closes_ms=8 * 3_600_000, cap_bit_s=4_000_000, metered=True)
    forecast = Forecast(
        bytes=8_000_000_000, nights=2, finishes_ms=None, order=order, windows=(span,)
    )
    night = told(start_gate.night(forecast, 0, UTC).detail)
    assert night.startswith(
        "8.00 GB med det här provet: först uppgifter 2.00 GB, flaggat material 2.00 GB, porträtt "
        "2.00 GB, resten 2.00 GB; fönster 00:00 till 08:00, högst 4 Mbit/s, bara uppgifter; "
        "Hur lång tid"
    )
    assert told("Seat A3 refused the notice: watch this seat in person.").startswith("Plats A3 ")
    assert told("Extra time needs a reason: write one short sentence.").startswith("Extra tid k")
    assert told("Anna: A passphrase has at least 12 characters: choose one.") == (
        "Anna: en lösenfras har minst 12 tecken: välj en sådan."
    )
    assert told("A3: no picture. Nothing to send.") == "A3: ingen bild. Inget att skicka."


@pytest.mark.parametrize("sentence", ["", "A sentence that nobody wrote.", "{braces} of its own"])
def test_what_nobody_has_translated_stays(sentence: str, swedish: None) -> None:
    assert told(sentence) == sentence


def test_the_first_boot_says_what_the_doctor_found_in_swedish_too(swedish: None) -> None:
    memory = checkup.memory(16_000_000_000, 15_100_000_000, swap=0)
    assert lines(Note(standing=Standing.DONE, checks=(memory,))) == [
        "minne: bra · 15.1 GB av 16.0 GB tillgängligt"
    ]


def test_english_stays_english() -> None:
    assert told("The exam is unlocked.") == "The exam is unlocked."
