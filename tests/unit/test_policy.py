"""The school's ceilings: every one holds on its own, and nothing else is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from appliance.cli import main as command
from appliance.config.policy import check_against, load_policy, parse_policy
from appliance.core.errors import WrongConfiguration
from appliance.core.policy import FEATURES, Policy, check_policy, conflicts
from appliance.core.settings import (
    Basis,
    Descriptor,
    ExamSettings,
    Features,
    Retention,
    SyncScope,
)

OFF = ExamSettings(title="x", retention=Retention(days=30, local_days=2))
ALL = replace(
    OFF,
    features=Features(**dict.fromkeys(FEATURES, True)),
    basis=Basis(legal_basis="a basis", dpia_reference="a number"),
)
OPEN = Policy(dpo_approval="DPO 14")


def test_without_ceilings_everything_is_within() -> None:
    assert conflicts(ALL, OPEN) == ()
    assert conflicts(OFF, Policy()) == ()


@pytest.mark.parametrize(
    ("settings", "policy", "named"),
    [
        *((ALL, replace(OPEN, features=frozenset(FEATURES) - {name}),
           ("features." + name, "features.allowed")) for name in FEATURES),
        (ALL, Policy(), ("track_misuse_metrics", "dpo_approval")),
        (ALL, Policy(dpo_approval="  "), ("track_misuse_metrics", "dpo_approval")),
        (ALL, replace(OPEN, descriptors=frozenset({Descriptor.BOTH})),
         ("exam.descriptor", '"both"')),
        (OFF, Policy(min_days=31), ("retention.days is 30", "min_days", "31")),
        (OFF, Policy(max_days=29), ("retention.days is 30", "max_days", "29")),
        (OFF, Policy(max_local_days=1), ("retention.local_days is 2", "max_local_days", "1")),
        (OFF, Policy(sync=frozenset({SyncScope.NONE})), ("sync.what", '"all"', '"none"')),
    ],
)  # fmt: skip
def test_one_sentence_names_the_setting_and_its_ceiling(
    settings: ExamSettings, policy: Policy, named: tuple[str, ...]
) -> None:
    (sentence,) = conflicts(settings, policy)
    assert all(word in sentence for word in named)
    with pytest.raises(WrongConfiguration) as caught:
        check_policy(settings, policy)
    assert (caught.value.code, caught.value.message) == ("policy", sentence)


def test_a_switch_that_is_off_is_never_against_a_ceiling() -> None:
    for values in product((False, True), repeat=len(FEATURES)):
        settings = replace(OFF, features=Features(**dict(zip(FEATURES, values, strict=True))))
        on = {name for name in FEATURES if getattr(settings.features, name)}
        assert conflicts(settings, replace(OPEN, features=frozenset(on))) == ()
        nothing = conflicts(settings, replace(OPEN, features=frozenset()))
        assert len(nothing) == len(on)


def test_the_descriptor_matters_only_where_one_is_used() -> None:
    dlib_only = Policy(descriptors=frozenset({Descriptor.DLIB}))
    assert conflicts(replace(OFF, descriptor=Descriptor.BOTH), dlib_only) == ()


POLICY = """
[features]
allowed = ["live_view", "video_snippets"]
[retention]
min_days = 7
max_days = 60
max_local_days = 0
[descriptor]
allowed = ["dlib"]
[sync]
allowed = ["all", "none"]
[misuse_metrics]
dpo_approval = "DPO 14"
"""


def test_every_key_of_the_file_is_read() -> None:
    assert parse_policy(POLICY) == Policy(
        features=frozenset({"live_view", "video_snippets"}),
        min_days=7,
        max_days=60,
        max_local_days=0,
        descriptors=frozenset({Descriptor.DLIB}),
        sync=frozenset({SyncScope.ALL, SyncScope.NONE}),
        dpo_approval="DPO 14",
    )
    assert parse_policy("") == Policy()


@pytest.mark.parametrize(
    "text",
    [
        "[feature]\nallowed = []",
        '[features]\nallowed = ["face"]',
        "[retention]\nmin_days = 0",
        "[retention]\nmin_days = 9\nmax_days = 8",
        '[retention]\nmax_days = "30"',
        '[sync]\nallowed = ["some"]',
        "allowed = [",
    ],
)
def test_a_slip_of_the_pen_is_refused_and_does_not_lift_the_ceilings(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(WrongConfiguration):
        check_against(tmp_path, OFF)


def test_no_file_no_ceilings(tmp_path: Path) -> None:
    assert load_policy(tmp_path) is None
    check_against(tmp_path, ALL)


def test_the_command_lists_every_conflict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "exam.toml"
    file.write_text('[exam]\ntitle = "x"\n[retention]\ndays = 90\n[features]\nface_photo = true\n')
    words = ["exam", "settings", str(file), "--state", str(tmp_path)]
    assert command.run(words) == 0
    (tmp_path / "policy.toml").write_text(POLICY)
    capsys.readouterr()
    assert command.run(words) == 3
    said = capsys.readouterr()
    assert said.out.count("Against the policy:") == 2
    assert "features.face_photo" in said.err
    assert len(said.err.splitlines()) == 1
