"""The demo's report: what happened, as numbers a script reads and lines a person reads."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class SnippetCounts:
    acknowledged: int = 0
    lost: int = 0
    bytes: int = 0


@dataclass(slots=True)
class StagedResult:
    event: str
    seat: str
    observed: bool
    delay_s: float | None = None


@dataclass(slots=True)
class LiveViewResult:
    relayed: bool = False
    first_frame_ms: int | None = None
    frames: int = 0


@dataclass(slots=True)
class CloseResult:
    views_ended_s: float | None = None
    live_key_destroyed: bool = False
    box_can_open: bool = True
    why_not: str = ""


@dataclass(slots=True)
class SyncResult:
    objects: str = "gcs"
    packs: int = 0
    bytes: int = 0
    confirmed: bool = False
    records: str = "mongodb"
    purged_locally: int = 0


@dataclass(slots=True)
class ReviewResult:
    opened_snippets: int = 0
    frames_decoded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInReview:
    """What a search for plaintext needs from the review: the biometric descriptors, to look for
    them elsewhere, and every document of the database as it is read (its files may be
    compressed)."""

    descriptors: list[bytes]
    documents: bytes


@dataclass(slots=True)
class DemoReport:
    candidates: int
    browser_candidates: int
    exam_seconds: float
    snippets: SnippetCounts = field(default_factory=SnippetCounts)
    staged: list[StagedResult] = field(default_factory=list)
    observations: dict[str, int] = field(default_factory=dict)
    incidents: int = 0
    live_view: LiveViewResult = field(default_factory=LiveViewResult)
    closed: CloseResult = field(default_factory=CloseResult)
    sync: SyncResult = field(default_factory=SyncResult)
    review: ReviewResult = field(default_factory=ReviewResult)
    canaries: list[str] = field(default_factory=list)
    plaintext_found: list[str] = field(default_factory=list)
    wall_s: float = 0.0

    def shortcomings(self) -> list[str]:
        """What a perfect exam would not have; empty when all promises held."""
        checks = (
            (self.snippets.lost == 0, f"{self.snippets.lost} snippets were lost"),
            (self.snippets.acknowledged > 0, "no snippet was acknowledged"),
            *((s.observed, f"{s.event} at {s.seat} was missed") for s in self.staged),
            (self.live_view.relayed, "the live view was not relayed"),
            (self.live_view.frames > 0, "the live view showed no picture"),
            (
                self.closed.views_ended_s is not None and self.closed.views_ended_s <= 2.0,
                "closing did not end the live view within 2 s",
            ),
            (self.closed.live_key_destroyed, "the live key was not destroyed"),
            (not self.closed.box_can_open, "the closed box could still open a snippet"),
            (self.sync.confirmed, "the sync was not confirmed"),
            (
                self.review.opened_snippets == self.snippets.acknowledged,
                f"review opened {self.review.opened_snippets} of "
                f"{self.snippets.acknowledged} snippets",
            ),
            (self.review.frames_decoded > 0, "no frame could be decoded in review"),
            (not self.plaintext_found, f"plaintext found: {', '.join(self.plaintext_found[:3])}"),
        )
        return [sentence for held, sentence in checks if not held]


def lines(report: DemoReport) -> list[str]:
    """The same in words, for the end of the demo."""
    bad = report.shortcomings()
    staged = [
        f"  {s.event} at {s.seat}: "
        + (f"observed after {s.delay_s:.1f} s" if s.observed and s.delay_s else "MISSED")
        for s in report.staged
    ]
    view, closed, sync = report.live_view, report.closed, report.sync
    return [
        "",
        f"The exam: {report.candidates} simulated and {report.browser_candidates} browser "
        f"candidates, {report.exam_seconds:.0f} s, {report.wall_s:.0f} s with everything around.",
        f"Snippets: {report.snippets.acknowledged} acknowledged, {report.snippets.lost} lost, "
        f"{report.snippets.bytes / 1e6:.1f} MB.",
        f"Incidents: {report.incidents}. Staged events:",
        *staged,
        f"Live view: first picture after {view.first_frame_ms} ms, {view.frames} pictures, "
        + ("through the relay only." if view.relayed else "NOT through the relay only."),
        f"Close: the view ended after {closed.views_ended_s} s; live key "
        + ("destroyed" if closed.live_key_destroyed else "NOT DESTROYED")
        + (
            "; THE BOX CAN STILL OPEN SNIPPETS."
            if closed.box_can_open
            else f"; the box cannot open a snippet any more: «{closed.why_not}»"
        ),
        f"Night: {sync.packs} packs, {sync.bytes / 1e6:.1f} MB to {sync.objects}, records to "
        f"{sync.records}, "
        + ("confirmed" if sync.confirmed else "NOT CONFIRMED")
        + f", {sync.purged_locally} local copies purged.",
        f"Review, from the cloud copy alone: {report.review.opened_snippets} snippets opened, "
        f"{report.review.frames_decoded} pictures decoded.",
        f"Plaintext found on disk, in the object store or the database: "
        f"{len(report.plaintext_found)}.",
        "",
        "All promises held." if not bad else "NOT ALL PROMISES HELD: " + "; ".join(bad) + ".",
    ]
