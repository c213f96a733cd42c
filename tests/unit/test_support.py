"""Nothing leaves the school that is not on the list, whatever later versions add."""

from __future__ import annotations

from appliance.core.support import check_told, log_line_told, settings_told

CANARY = "Canary Testperson"


def test_settings_keep_ports_and_lose_names() -> None:
    told = settings_told(
        {
            "box_id": "ab" * 16,
            "name": CANARY,
            "web": {"host": "10.1.2.3", "port": 8443, "names": ["exam.school.example"]},
            "cloud": {"objects": "gcs", "bucket": "school-bucket", "records_uri_file": "/x"},
            "invented_later": {"anything": CANARY},
        }
    )
    assert told == {"web": {"port": 8443}, "cloud": {"objects": "gcs"}}


def test_a_check_that_could_quote_a_name_gives_its_verdict_only() -> None:
    certificate = {"name": "certificate", "status": "ok", "detail": "for exam.school.example"}
    assert check_told(certificate) == {"name": "certificate", "status": "ok"}
    disk = {"name": "disk", "status": "warn", "detail": "3 GB free", "advice": "free room"}
    assert check_told(disk) == {"name": "disk", "status": "warn", "detail": "3 GB free"}


def test_a_log_line_keeps_its_fixed_text_and_loses_what_was_put_in() -> None:
    line = {
        "timestamp": "2026-11-25T10:00:00Z",
        "level": "warning",
        "event": "relay ended and is started again",
        "exam": "0123",
        "reason": f"{CANARY} at 10.1.2.3",
        "exception": ["builtins.ValueError", "appliance.web.problems:40 problems", f"! {CANARY}"],
    }
    assert log_line_told(line) == {
        "timestamp": "2026-11-25T10:00:00Z",
        "level": "warning",
        "event": "relay ended and is started again",
        "exception": ["builtins.ValueError", "appliance.web.problems:40 problems"],
    }


def test_a_text_that_is_none_of_the_product_s_is_left_out() -> None:
    for event in ("mail to anna@school.example", "x" * 200, "née", {"a": 1}, None):
        assert log_line_told({"event": event, "level": "info"}) is None
