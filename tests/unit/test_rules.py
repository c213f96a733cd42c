"""How a run of measurements becomes an observation, and what never does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.observation import (
    FrameMeasurement,
    Observation,
    ObservationKind,
    SoundMeasurement,
    Strength,
)
from appliance.core.processing import Category
from appliance.core.rule_samples import NEEDS
from appliance.core.rules import (
    ObservationEnded,
    ObservationStarted,
    ObservationUpdated,
    RuleEvent,
    RuleState,
    advance,
    finish,
)
from appliance.core.settings import RuleThresholds
from tests.support import measurements as m
from tests.support.measurements import START_MS, Ids, Measured, during, judge, series, showing

Kind = ObservationKind


def started(events: list[RuleEvent]) -> list[Observation]:
    return [e.observation for e in events if isinstance(e, ObservationStarted)]


def ended(events: list[RuleEvent]) -> list[Observation]:
    return [e.observation for e in events if isinstance(e, ObservationEnded)]


def test_an_observation_starts_goes_on_and_ends_with_its_own_times() -> None:
    _, events = judge(series(120, during(60, 84, m.NOBODY)))
    assert [type(e) for e in events] == [ObservationStarted, ObservationUpdated, ObservationEnded]
    assert len({e.observation.observation_id for e in events}) == 1
    last = events[-1].observation
    assert (last.kind, last.started_ms, last.ended_ms) == (
        Kind.NOBODY_IN_VIEW,
        START_MS + 60_000,
        START_MS + 82_000,
    )
    assert last.duration_s == 22.0
    assert [(e.sequence, e.at_s) for e in last.evidence] == [(7, 0.0), (8, 0.0), (9, 0.0)]
    assert events[0].observation.ended_ms is None


@pytest.mark.parametrize("kind", list(NEEDS))
def test_one_measurement_is_never_enough(kind: Kind) -> None:
    eager = RuleThresholds(**{f"{k}_s": 0.0 for k in _NAMES.values()}, clear_s=0.0)
    step = 1.0 if kind in (Kind.CONVERSATION, Kind.NOISE) else 2.0
    frames, sound = showing(kind, 60, 60 + step)
    assert judge(series(120, frames, sound), thresholds=eager)[1] == []


_NAMES = {
    Kind.NOBODY_IN_VIEW: "nobody",
    Kind.SEVERAL_FACES: "several_faces",
    Kind.OTHER_PERSON: "other_person",
    Kind.LOOKING_AWAY: "looking_away",
    Kind.PICTURE_COVERED: "covered",
    Kind.PICTURE_FROZEN: "frozen",
    Kind.CONVERSATION: "conversation",
    Kind.NOISE: "noise",
}


@pytest.mark.parametrize("kind", list(NEEDS))
def test_each_kind_hangs_on_its_category(kind: Kind) -> None:
    frames, sound = showing(kind, 60, 100)
    with_it = judge(series(120, frames, sound), permitted=frozenset({NEEDS[kind]}))[1]
    without = judge(series(120, frames, sound), permitted=m.ALL - {NEEDS[kind]})[1]
    assert {e.observation.kind for e in with_it} == {kind}
    assert kind not in {e.observation.kind for e in without}


@pytest.mark.parametrize("kind", list(NEEDS))
def test_a_muted_kind_is_not_judged_and_one_that_holds_is_ended(kind: Kind) -> None:
    snippets = list(series(120, *showing(kind, 60, 120)))
    assert judge(snippets, muted=frozenset({kind}))[1] == []
    state, events = judge(snippets[:10])
    assert [o.kind for o in started(events)] == [kind]
    _, after = judge(snippets[10:], state=state, muted=frozenset({kind}))
    assert [o.kind for o in ended(after)] == [kind]
    assert started(after) == []


def test_a_short_return_does_not_end_it() -> None:
    back = during(74, 76, m.USUAL, otherwise=during(60, 90, m.NOBODY))
    _, events = judge(series(120, back))
    assert len(started(events)) == len(ended(events)) == 1
    assert ended(events)[0].duration_s == 28.0


def test_every_other_frame_is_not_sustained() -> None:
    def flicker(second: float) -> FrameMeasurement:
        return m.NOBODY if second % 4 == 0 else m.USUAL

    assert judge(series(300, flicker))[1] == []


def test_a_lost_link_neither_counts_nor_ends() -> None:
    """Snippet 8 of a run never comes: it goes on, and the ten seconds are not in its length."""
    snippets = list(series(120, during(60, 100, m.NOBODY)))
    whole = ended(judge(snippets)[1])[0]
    torn = ended(judge([s for s in snippets if s.sequence != 8])[1])[0]
    assert torn.observation_id == whole.observation_id
    assert (torn.started_ms, torn.ended_ms) == (whole.started_ms, whole.ended_ms)
    assert torn.duration_s == whole.duration_s - 12.0


def test_the_link_alone_never_raises_anything() -> None:
    """Two seconds without a face before and after a gap are not the whole gap without one."""
    absent = during(68, 92, m.NOBODY)
    snippets = [s for s in series(120, absent) if s.sequence not in (8, 9)]
    assert judge(snippets)[1] == []


def test_a_long_gap_closes_at_the_last_moment_seen() -> None:
    snippets = list(series(200, during(60, 200, m.NOBODY)))
    torn = [s for s in snippets if not 9 <= s.sequence <= 12]
    _, events = judge(torn)
    assert [o.ended_ms for o in ended(events)] == [START_MS + 78_000]
    assert [o.started_ms for o in started(events)] == [START_MS + 60_000, START_MS + 120_000]


def test_the_same_snippet_twice_changes_nothing() -> None:
    snippets = list(series(120, during(60, 84, m.NOBODY)))
    assert judge([s for s in snippets for _ in range(2)]) == judge(snippets)


def test_a_late_snippet_is_judged_by_itself_and_does_not_turn_time_back() -> None:
    snippets = list(series(120, during(20, 30, m.NOBODY)))
    late = [*snippets[:2], *snippets[3:8], snippets[2], *snippets[8:]]
    state, events = judge(late)
    assert [type(e) for e in events] == [ObservationStarted, ObservationEnded]
    assert events[0].observation.started_ms == START_MS + 20_000
    assert state.last_sequence == 12
    assert state.last_ms == START_MS + 120_000


def test_a_clock_that_jumps_back_cannot_stop_the_judging() -> None:
    """The numbers are the order: a page that always says the same time is judged all the same."""
    snippets = [replace(s, started_ms=START_MS) for s in series(120, during(60, 90, m.NOBODY))]
    assert [o.kind for o in started(judge(snippets)[1])] == [Kind.NOBODY_IN_VIEW]


def test_finish_ends_what_holds() -> None:
    state, events = judge(series(100, during(60, 100, m.TWO_FACES)))
    assert ended(events) == []
    state, ends = finish(state, RuleThresholds())
    assert [o.ended_ms for o in ended(list(ends))] == [START_MS + 98_000]
    assert finish(state, RuleThresholds()) == (state, ())


def test_nothing_after_until_is_judged() -> None:
    state = RuleState(attempt_id=m.ATTEMPT)
    (only,) = series(30, during(0, 30, m.NOBODY), snippet_s=30)
    for until, expected in ((START_MS + 6_000, 0), (None, 1)):
        _, events = advance(
            state,
            snippet_started_ms=only.started_ms,
            sequence=1,
            frames=only.frames,
            sound=only.sound,
            thresholds=RuleThresholds(),
            permitted=m.ALL,
            new_id=Ids(),
            until_ms=until,
        )
        assert len(events) == expected


def test_turned_away_is_measured_from_how_the_person_sits() -> None:
    """A camera at the side: 35 degrees all the time is this person's straight ahead."""
    aside = replace(m.USUAL, yaw=35.0)
    assert judge(series(600, lambda _s: aside))[1] == []
    turned = during(120, 160, replace(m.USUAL, yaw=-5.0), otherwise=lambda _s: aside)
    assert [o.kind for o in started(judge(series(200, turned))[1])] == [Kind.LOOKING_AWAY]


def test_looking_down_is_never_more_than_weak() -> None:
    _, events = judge(series(300, during(60, 300, m.DOWN)))
    assert {e.observation.strength for e in events} == {Strength.WEAK}


def test_strength_grows_with_duration_and_margin() -> None:
    _, short = judge(series(120, during(60, 70, m.TWO_FACES)))
    _, long = judge(series(120, during(60, 110, m.TWO_FACES)))
    assert ended(short)[0].strength is Strength.CLEAR
    assert ended(long)[0].strength is Strength.STRONG
    faint = replace(m.TWO_FACES, face_scores=(0.9, 0.81))
    assert started(judge(series(120, during(60, 66, faint)))[1])[0].strength is Strength.WEAK


def test_a_second_face_must_be_sure() -> None:
    texture = replace(m.USUAL, face_scores=(0.94, 0.79))
    assert judge(series(120, during(60, 110, texture)))[1] == []
    (seen,) = started(judge(series(120, during(60, 66, m.TWO_FACES)))[1])
    assert seen.figures == {"faces": 2.0}


def test_covered_is_its_own_kind_and_says_nothing_about_who_sits_there() -> None:
    _, events = judge(series(200, during(60, 120, m.COVERED)))
    assert {e.observation.kind for e in events} == {Kind.PICTURE_COVERED}


def test_an_empty_chair_is_not_a_frozen_picture() -> None:
    still = replace(m.NOBODY, change=0.0)
    assert {e.observation.kind for e in judge(series(200, during(60, 160, still)))[1]} == {
        Kind.NOBODY_IN_VIEW
    }


def test_no_figure_says_how_alike_two_faces_are() -> None:
    """A likeness shown to a person would be a score."""
    _, events = judge(series(200, during(60, 120, m.OTHER)))
    assert [o.figures for o in started(events)] == [{}]


def test_the_schools_own_threshold_for_another_person() -> None:
    near = replace(m.USUAL, similarity=0.45)
    strict, lenient = RuleThresholds(other_person_below=0.5), RuleThresholds()
    snippets = list(series(120, during(60, 110, near)))
    assert len(started(judge(snippets, thresholds=strict)[1])) == 1
    assert judge(snippets, thresholds=lenient)[1] == []


def test_a_similarity_once_a_snippet_is_enough() -> None:
    def seldom(second: float) -> FrameMeasurement:
        if second % 10 != 8:
            return replace(m.USUAL, similarity=None)
        return m.OTHER if 60 <= second < 100 else m.USUAL

    assert [o.kind for o in started(judge(series(150, seldom))[1])] == [Kind.OTHER_PERSON]


numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
frame_of_any_kind = st.builds(
    FrameMeasurement,
    at_s=st.floats(),
    brightness=st.floats(),
    sharpness=st.floats(),
    change=numbers,
    face_scores=st.one_of(st.none(), st.lists(st.floats(), max_size=3).map(tuple)),
    similarity=numbers,
    yaw=numbers,
    pitch=numbers,
)
sound_of_any_kind = st.builds(
    SoundMeasurement, at_s=st.floats(), length_s=st.floats(), level_dbfs=st.floats(), voice=numbers
)


@given(
    st.lists(
        st.builds(
            Measured,
            sequence=st.integers(0, 12),
            started_ms=st.integers(START_MS - 10**6, START_MS + 10**6),
            frames=st.lists(frame_of_any_kind, max_size=8).map(tuple),
            sound=st.lists(sound_of_any_kind, max_size=8).map(tuple),
        ),
        max_size=8,
    )
)
def test_whatever_a_worker_says_times_and_figures_stay_finite(snippets: list[Measured]) -> None:
    state, events = judge(snippets)
    open_ones: set[str] = set()
    for event in events:
        o = event.observation
        assert math.isfinite(o.duration_s)
        assert o.duration_s >= 0
        assert all(math.isfinite(value) for value in o.figures.values())
        if isinstance(event, ObservationStarted):
            open_ones.add(o.observation_id)
        assert o.observation_id in open_ones  # never an update or end before its start
        if isinstance(event, ObservationEnded):
            open_ones.discard(o.observation_id)
            assert o.ended_ms is not None
            assert o.ended_ms >= o.started_ms
    raised = {run.observation_id for run in state.runs.values()} - {None}
    assert raised == open_ones


def test_a_feature_that_is_off_gives_no_observation_at_all() -> None:
    frames, _ = showing(Kind.SEVERAL_FACES, 20, 200)
    quality = frozenset({Category.PICTURE_QUALITY, Category.SNIPPET, Category.THUMBNAIL})
    assert judge(series(200, frames), permitted=quality)[1] == []


def test_looking_down_counts_only_after_long_and_stays_weak() -> None:
    """People read paper; with a turn to the side in it the usual time counts."""
    assert judge(series(120, during(60, 78, m.DOWN)))[1] == []
    (event, *_) = started(judge(series(150, during(60, 90, m.DOWN)))[1])
    assert (event.kind, event.strength) == (Kind.LOOKING_AWAY, Strength.WEAK)
    assert len(started(judge(series(120, during(60, 72, m.AWAY)))[1])) == 1


@pytest.mark.parametrize(("level", "count"), [(-44.0, 1), (-46.0, 0)])
def test_voices_far_away_are_not_this_seats(level: float, count: int) -> None:
    quiet_talk = replace(m.TALK, level_dbfs=level)
    _, events = judge(series(60, m.usual, m.heard(20, 40, quiet_talk)))
    assert len(started(events)) == count


def test_the_pose_of_somebody_else_is_not_learned_as_the_candidates() -> None:
    """Early in an exam, when the usual pose is not known yet."""
    turned = replace(m.OTHER, yaw=-35.0)
    found = started(judge(series(200, during(8, 100, turned)))[1])
    assert {o.kind for o in found if o.started_ms >= START_MS + 100_000} == set()
