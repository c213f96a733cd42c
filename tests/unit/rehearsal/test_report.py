"""The demo's verdict: each broken promise is named, and none is invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.rehearsal.report import (
    CloseResult,
    DemoReport,
    LiveViewResult,
    ReviewResult,
    SnippetCounts,
    StagedResult,
    SyncResult,
    lines,
)


def good() -> DemoReport:
    return DemoReport(
        candidates=4,
        browser_candidates=1,
        exam_seconds=60,
        snippets=SnippetCounts(acknowledged=9, lost=0, bytes=900_000),
        staged=[StagedResult("nobody", "A1", True, 9.0)],
        live_view=LiveViewResult(relayed=True, first_frame_ms=300, frames=40),
        closed=CloseResult(
            views_ended_s=0.1, live_key_destroyed=True, box_can_open=False, why_not="closed"
        ),
        sync=SyncResult(packs=4, bytes=900_000, confirmed=True),
        review=ReviewResult(opened_snippets=9, frames_decoded=450),
    )


def test_a_perfect_exam_has_no_shortcomings() -> None:
    assert good().shortcomings() == []
    assert lines(good())[-1] == "All promises held."


def _set(path: str, value: object) -> Callable[[DemoReport], None]:
    def change(report: DemoReport) -> None:
        *parents, name = path.split(".")
        target: object = report
        for parent in parents:
            target = getattr(target, parent)
        setattr(target, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("snippets.lost", 2), "2 snippets were lost"),
        (_set("snippets.acknowledged", 0), "no snippet was acknowledged"),
        (_set("staged", [StagedResult("nobody", "A1", False)]), "nobody at A1 was missed"),
        (_set("live_view.relayed", False), "not relayed"),
        (_set("live_view.frames", 0), "no picture"),
        (_set("closed.views_ended_s", 2.5), "within 2 s"),
        (_set("closed.views_ended_s", None), "within 2 s"),
        (_set("closed.live_key_destroyed", False), "live key"),
        (_set("closed.box_can_open", True), "could still open"),
        (_set("sync.confirmed", False), "not confirmed"),
        (_set("review.opened_snippets", 8), "opened 8 of 9"),
        (_set("review.frames_decoded", 0), "no frame"),
        (_set("plaintext_found", ["name in box.db"]), "name in box.db"),
    ],
)
def test_each_broken_promise_is_named(change: Callable[[DemoReport], None], said: str) -> None:
    report = good()
    change(report)
    assert said in "; ".join(report.shortcomings())
    assert lines(report)[-1].startswith("NOT ALL PROMISES HELD")
