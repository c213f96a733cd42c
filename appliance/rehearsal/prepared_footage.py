"""Footage of a whole class, encoded before it is needed.

Two hundred encoders do not run on the box that is measured. A few snippets of each known person
are encoded once and sent by many candidates in turn; the box cannot tell, because to it a snippet
is known by its attempt and number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.material import PEOPLE, Picture
from appliance.rehearsal.scenes import Scene, SceneKind

_USUAL, _STAGED = 4, 2  # different snippets of each person
_FOR_EVER = 1e9


@dataclass(frozen=True, slots=True)
class _Reel:
    usual: Sequence[bytes]
    staged: Sequence[bytes]


class ClassFootage:
    """What every candidate of a class draws from. Making one takes about 0.4 s of CPU a snippet."""

    def __init__(self, snippet_seconds: float, *, sound: bool) -> None:
        self._seconds = snippet_seconds
        self._people = [StagedFootage(p, PEOPLE[n - 1]) for n, p in enumerate(PEOPLE)]
        away = [
            StagedFootage(p, PEOPLE[n - 1], [Scene(SceneKind.NOBODY, 0.0, _FOR_EVER)])
            for n, p in enumerate(PEOPLE)
        ]
        self._portraits = [person.portrait() for person in self._people]
        self._reels = [
            _Reel(
                _encode(person, snippet_seconds, _USUAL, sound=sound),
                _encode(empty, snippet_seconds, _STAGED, sound=sound),
            )
            for person, empty in zip(self._people, away, strict=True)
        ]

    def candidate(self, number: int, staged: tuple[float, float] | None) -> PreparedFootage:
        """`staged`: from when until when, in seconds of the recording, the seat is empty."""
        of = number % len(self._people)
        return PreparedFootage(
            self._people[of], self._portraits[of], self._reels[of], self._seconds, number, staged
        )


class PreparedFootage:
    """One candidate's `Footage`. A snippet shorter than the others is sent whole: the box measures
    lengths itself."""

    def __init__(
        self,
        person: StagedFootage,
        portrait: bytes,
        reel: _Reel,
        seconds: float,
        number: int,
        staged: tuple[float, float] | None,
    ) -> None:
        self._person, self._portrait, self._reel = person, portrait, reel
        self._seconds, self._number, self._staged = seconds, number, staged

    def portrait(self) -> bytes:
        return self._portrait

    def picture(self, at_s: float) -> Picture:
        return self._person.picture(at_s)

    def snippet(self, start_s: float, seconds: float, *, sound: bool) -> bytes:
        turn = self._number + round(start_s / self._seconds)
        away = self._staged is not None and self._staged[0] <= start_s < self._staged[1]
        reel = self._reel.staged if away else self._reel.usual
        return reel[turn % len(reel)]


def _encode(
    footage: StagedFootage, seconds: float, count: int, *, sound: bool
) -> tuple[bytes, ...]:
    return tuple(footage.snippet(n * seconds, seconds, sound=sound) for n in range(count))
