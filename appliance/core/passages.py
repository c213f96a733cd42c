"""Passages of one attempt's footage in which somebody else may be seen or heard.

A person has a right to a copy of their own data (GDPR Art. 15), and not to others' (Art. 15(4)).
What the box noticed is listed; the person exporting decides each passage. What nobody looked at on
the box (late uploads) is listed too. The box can miss somebody, so an export says: look yourself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.errors import BadInput
from appliance.core.observation import Observation, ObservationKind

MARGIN_MS = 4_000  # RuleThresholds.clear_s: how long a condition may go on before it counts as over

Span = tuple[float, float]
WHOLE: Span = (0.0, 3600.0)  # longer than any snippet

OTHERS = frozenset(
    {ObservationKind.SEVERAL_FACES, ObservationKind.OTHER_PERSON, ObservationKind.CONVERSATION}
)


class Choice(StrEnum):
    """`BLANK`: the passage is made black and silent in the videos it touches."""

    INCLUDE = "include"
    BLANK = "blank"
    LEAVE_OUT = "leave-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """`number` counts from 1 in the order of time. `kind` None: nobody looked at these snippets.
    `sequences`: the snippets it touches."""

    number: int
    kind: ObservationKind | None
    started_ms: int
    ended_ms: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A snippet in time. `looked_at` False: it came after close."""

    sequence: int
    started_ms: int
    duration_s: float
    looked_at: bool = True

    @property
    def ended_ms(self) -> int:
        return self.started_ms + round(self.duration_s * 1000)


def passages(footage: Sequence[Footage], observations: Iterable[Observation]) -> list[Passage]:
    """Those that touch at least one snippet. The same input gives the same numbers."""
    found: list[tuple[int, int, ObservationKind | None, tuple[int, ...]]] = []
    for o in observations:
        if o.kind not in OTHERS:
            continue
        ended = o.ended_ms if o.ended_ms is not None else o.started_ms + round(o.duration_s * 1000)
        near = {e.sequence for e in o.evidence} | {
            f.sequence
            for f in footage
            if f.looked_at
            and f.started_ms <= ended + MARGIN_MS
            and f.ended_ms >= o.started_ms - MARGIN_MS
        }
        touched = tuple(sorted(near & {f.sequence for f in footage}))
        found.append((o.started_ms, ended, o.kind, touched))
    found += [(f.started_ms, f.ended_ms, None, (f.sequence,)) for f in footage if not f.looked_at]
    found = sorted((p for p in found if p[3]), key=lambda p: (p[0], p[3], str(p[2])))
    return [
        Passage(number=n, kind=kind, started_ms=start, ended_ms=end, sequences=sequences)
        for n, (start, end, kind, sequences) in enumerate(found, 1)
    ]


def left_out(found: Sequence[Passage], choices: Mapping[int, Choice], others: Choice) -> set[int]:
    """The snippets that stay out: one passage that stays out is enough."""
    return {
        sequence
        for passage in found
        if choices.get(passage.number, others) is Choice.LEAVE_OUT
        for sequence in passage.sequences
    }


def blanked(
    found: Sequence[Passage],
    choices: Mapping[int, Choice],
    others: Choice,
    footage: Iterable[Footage],
) -> dict[int, tuple[Span, ...]]:
    """Snippet -> the spans of it, in seconds from its start, that are made black and silent.

    The margin is on both sides, as it is for finding the snippets. Where a passage touches a
    snippet by its evidence only, or nobody knows when, all of it is.
    """
    spans: dict[int, list[Span]] = {}
    by_sequence = {f.sequence: f for f in footage}
    for passage in found:
        if choices.get(passage.number, others) is not Choice.BLANK:
            continue
        for sequence in passage.sequences:
            span = _span(passage, by_sequence[sequence])
            spans.setdefault(sequence, []).append(span)
    return {sequence: tuple(sorted(all_of)) for sequence, all_of in spans.items()}


def _span(passage: Passage, footage: Footage) -> Span:
    start = (passage.started_ms - MARGIN_MS - footage.started_ms) / 1000
    end = (passage.ended_ms + MARGIN_MS - footage.started_ms) / 1000
    if passage.kind is None or end <= 0 or start >= footage.duration_s:
        return WHOLE
    return max(0.0, start), end


def parse_choices(text: str, found: Sequence[Passage]) -> dict[int, Choice]:
    """One line a passage: its number and `include`, `blank` or `leave-out`; `#` begins a remark.

    Raises BadInput for a line that is none, an unknown number or one given twice.
    """
    numbers = {passage.number for passage in found}
    choices: dict[int, Choice] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            number, choice = int(words[0]), Choice(words[1])
        except (ValueError, IndexError):
            raise BadInput(
                f"The passages file has the line {line.strip()!r}: write a number and "
                "include, blank or leave-out."
            ) from None
        if len(words) != 2 or number not in numbers or number in choices:
            raise BadInput(
                f"The passages file names passage {number}, which does not exist or stands there "
                "twice."
            )
        choices[number] = choice
    return choices
