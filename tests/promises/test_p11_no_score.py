"""Promise 11: nothing infers a mood or rates a person, and nothing follows by itself.

Three places are read: what is stored (SQL), what is sent (OpenAPI, worker messages), what people
read (texts of page, notice, console, reviewer). Then who may decide: only code that a person's
request reaches.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from appliance.adapters.vision.manifest import read_manifest
from appliance.core import (
    attempt,
    feed,
    messages,
    notice_texts,
    observation,
    processing,
    settings,
    wording,
)
from appliance.core.roles import Action
from appliance.languages import read_languages
from appliance.web.application import declared_routes

ROOT = Path(__file__).resolve().parents[2]
APPLIANCE = ROOT / "appliance"
# English and Swedish. `score` and `betyg` rate; the rest reads a mind or accuses.
FORBIDDEN = re.compile(
    r"mood|stress|nervous|attention|attentive|emotion|feeling|sentiment|engage|suspic|suspect"
    r"|score|\brating|credib|trustworth|guilt|cheat|dishonest|fraud|humör|känsl|uppmärksam|misstänk"
    r"|misstank|fusk|poäng|skyldig",
    re.IGNORECASE,
)
# A face detector's own certainty about a box in the picture, before rules look at it: allowed in
# these types only. It is about a picture, is stored nowhere and shown to nobody.
DETECTOR = {"FrameMeasurement.face_scores", "RuleThresholds.several_faces_score"}
# The sentences that say it is not done.
DENIALS = {
    "Nothing tries to find out feelings, mood, stress or attention, and your behaviour gets no "
    "score.",
    "Ingenting försöker ta reda på känslor, humör, stress eller uppmärksamhet, och ditt beteende "
    "poängsätts inte.",
}


def offending(texts: Iterator[str] | set[str]) -> set[str]:
    return {text for text in texts if FORBIDDEN.search(text)}


@pytest.mark.parametrize(
    "text",
    ["suspicion_score", "stress_level", "mood", "Attention: low", "emotions", "cheating",
     "misstänkt", "credibility", "Uppmärksamhet"],
)  # fmt: skip
def test_the_words_would_be_found(text: str) -> None:
    assert offending({text})


# --- stored --------------------------------------------------------------------------------------


def test_no_table_or_column() -> None:
    files = list((APPLIANCE / "adapters" / "store" / "migrations").rglob("*.sql"))
    assert len(files) >= 6
    assert offending({path.read_text() for path in files}) == set()


# --- sent ----------------------------------------------------------------------------------------


def test_no_field_route_or_description_of_the_http_contract() -> None:
    text = (APPLIANCE / "web" / "openapi.yaml").read_text()
    document = yaml.safe_load(text)
    assert len(document["components"]["schemas"]) > 20
    assert offending(set(text.splitlines())) == set()


def fields_of(module: ModuleType) -> Iterator[str]:
    for name, thing in vars(module).items():
        if not isinstance(thing, type) or thing.__module__ != module.__name__:
            continue
        if dataclasses.is_dataclass(thing):
            yield from (f"{name}.{field.name}" for field in dataclasses.fields(thing))
        elif issubclass(thing, enum.Enum):
            yield from (f"{name}.{member.name}" for member in thing)


@pytest.mark.parametrize(
    "module", [attempt, feed, messages, observation, processing, settings], ids=lambda m: m.__name__
)
def test_no_field_of_a_type(module: ModuleType) -> None:
    names = set(fields_of(module))
    assert names
    assert offending(names) - DETECTOR == set()


def test_the_detector_s_certainty_goes_no_further_than_the_rules() -> None:
    """Not into an observation, an incident, the feed, a record or the cloud."""
    using = {
        path.relative_to(APPLIANCE).as_posix()
        for path in APPLIANCE.rglob("*.py")
        if "face_scores" in path.read_text()
    }
    assert using == {
        "core/observation.py",
        "core/rule_samples.py",
        "core/seat_faces.py",
        "processes/analysis/snippet_analysis.py",
    }


def test_observations_describe_what_is_in_the_picture() -> None:
    """A new kind is a decision that somebody must take here, too."""
    assert {kind.value for kind in observation.ObservationKind} == {
        "nobody_in_view", "several_faces", "other_person", "looking_away", "picture_covered",
        "picture_frozen", "conversation", "noise", "hall_conversation", "hall_noise",
    }  # fmt: skip


# --- read ----------------------------------------------------------------------------------------


def strings(path: Path) -> Iterator[str]:
    """String constants of a Python file but for docstrings, adjacent ones joined."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


def test_no_text_that_a_candidate_reads() -> None:
    texts = set(notice_texts.texts())
    assert len(texts) > 30
    assert offending(texts) <= DENIALS
    for name, catalogue in read_languages().catalogues.items():
        assert offending(set(catalogue.values())) <= DENIALS, name
    for path in (APPLIANCE / "web" / "static").rglob("*"):
        if path.suffix in (".js", ".html"):
            assert offending(set(path.read_text(encoding="utf-8").splitlines())) == set(), path


def test_no_text_that_staff_read() -> None:
    assert offending(set(strings(Path(wording.__file__)))) == set()
    for path in (ROOT / "tui").rglob("*.py"):
        found = {text for text in offending(set(strings(path))) if "There is no score." not in text}
        assert found == set(), path
    for path in (APPLIANCE / "review").rglob("*.py"):
        assert offending(set(strings(path))) == set(), path


# --- models --------------------------------------------------------------------------------------


def test_only_the_models_that_were_agreed_on_and_none_reads_a_mind() -> None:
    models = {model.name: model for model in read_manifest().models}
    assert set(models) == {"yunet", "dlib", "facemesh", "silero", "mobilefacenet"}
    for model in models.values():
        assert offending({model.use, model.output.replace("score: n x 1 x 1 x 1", "")}) == set()
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)


# --- nothing follows by itself -------------------------------------------------------------------


def keywords(name: str) -> set[tuple[str, str]]:
    """(file, value) of every call in the appliance that gives the keyword `name`."""
    found = set()
    for path in APPLIANCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == name:
                        where = path.relative_to(APPLIANCE).as_posix()
                        found.add((where, ast.unparse(keyword.value)))
    return found


def test_only_a_person_s_request_makes_a_decision() -> None:
    """One pure function sets it, one service calls that, one route calls the service."""
    known = {
        "core/incident.py",  # `decide`
        "core/wording.py",  # says it
        "services/decisions.py",
        "web/attempt_api.py",  # the body of the request
        "adapters/store/observations.py",  # reads it back
        "review/decisions.py",  # a reviewer's own, signed with their key
    }
    setting = {file for file, value in keywords("decision") if value != "None"}
    assert setting - known == set()
    deciding = {
        path.relative_to(APPLIANCE).as_posix()
        for path in APPLIANCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "appliance.core.incident"
        and "decide" in {name.name for name in node.names}
    }  # fmt: skip
    assert deciding == {"services/decisions.py"}
    (route,) = [r for r in declared_routes() if r.path.endswith("/decision")]
    assert route.declared == (Action.INCIDENT_DECIDE,)


def test_only_a_person_s_act_ends_an_attempt_or_sends_a_message() -> None:
    ended = {file for file, value in keywords("state") if value.endswith("AttemptState.ENDED")}
    assert ended == {"services/acts.py"}


def test_what_looks_cannot_act() -> None:
    """The code between a measurement and an incident knows nothing that touches a candidate."""
    acting = ("acts", "decisions", "attempt_life", "close_exam", "live_view", "exam_life", "access",
              "channels", "candidates", "check_in")  # fmt: skip
    looking = [APPLIANCE / "services" / f"{name}.py" for name in ("watch", "incident_book")]
    pure = ("rules", "rule_samples", "rule_strength", "incident", "hall_event", "observation")
    looking += [APPLIANCE / "core" / f"{name}.py" for name in pure]
    looking += list((APPLIANCE / "processes" / "analysis").glob("*.py"))
    for path in looking:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("appliance."):
                assert (node.module or "").rpartition(".")[2] not in acting, path


def test_confirming_takes_no_less_than_dismissing() -> None:
    """One route, one body for both; neither is the default."""
    document = yaml.safe_load((APPLIANCE / "web" / "openapi.yaml").read_text())
    path = "/api/v1/exams/{exam}/incidents/{incident}/decision"
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert "default" not in str(schema)
    assert "decision" in schema["required"]
