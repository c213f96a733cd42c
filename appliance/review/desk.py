"""Everything a reviewer sits at: the archive, who they are, what they decide and what is noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.core.documents import Document
from appliance.core.languages import Languages
from appliance.core.ports import Clock, RecordCloud
from appliance.review.archive import Archive
from appliance.review.decisions import DecisionBook
from appliance.review.receipts import Receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`viewer` is the name drawn over every picture. `second_needed`: a finding takes effect only
    with a second reviewer. `pdf` draws a document."""

    archive: Archive
    records: RecordCloud
    decisions: DecisionBook
    receipts: Receipts
    viewer: str
    second_needed: bool
    pdf: Callable[[Document], bytes]
    languages: Languages
    clock: Clock
