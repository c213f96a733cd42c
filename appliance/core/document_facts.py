"""What the documents are made of: the configuration of a box and its exams as it really is, and
the paragraphs that more than one document needs.

Nothing here is a template to fill in: where the configuration says nothing, the document says that
it says nothing and who has to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from appliance.core.documents import Block, Bullets, Grid, Heading, Paragraph
from appliance.core.notice_texts import DATA
from appliance.core.policy import Policy
from appliance.core.processing import BIOMETRIC, TABLE, Category, Rule, permitted
from appliance.core.rule_figures import RuleRun
from appliance.core.settings import ExamSettings, Features, SyncScope

OPEN_POINT = "**To be written by the school:**"
# Kept as objects of their own; what else is stored exists as observations only.
_OBJECTS = frozenset({Category.SNIPPET, Category.THUMBNAIL, Category.PORTRAIT, Category.DESCRIPTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedExam:
    """`settings_hash` is None before the settings were frozen; `state` is None for a file."""

    settings: ExamSettings
    settings_hash: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedModel:
    """`state`: installed, missing or changed. `card`: the text of its card."""

    name: str
    file: str
    sha256: str
    use: str
    licence_of_package: str
    licence_of_weights: str
    opt_in: bool
    state: str
    card: str

    def part(self, name: str) -> str:
        """The paragraph of the card that begins with `**name`; empty when there is none."""
        found = re.search(rf"^\*\*{re.escape(name)}\b.*?(?=\n\n|\Z)", self.card, re.M | re.S)
        return " ".join(found.group().replace("**", "").split()) if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedBox:
    """`objects`: none, gcs or directory; `bucket` names the bucket or directory; `recipients`:
    kind and label of every key on the signed list."""

    name: str
    box_id: str
    objects: str
    bucket: str
    records: bool
    recipients: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`made` is a date; `calibration` gives for each descriptor the cosine below which two
    pictures count as different persons, unless an exam sets its own; `rule_runs` is what the rules
    were measured to do."""

    made: str
    version: str
    exams: tuple[DescribedExam, ...]
    models: tuple[DescribedModel, ...]
    box: DescribedBox | None = None
    policy: Policy | None = None
    calibration: Mapping[str, float]
    rule_runs: tuple[RuleRun, ...]


def all_permitted(facts: Facts) -> frozenset[Category]:
    return frozenset[Category]().union(*(permitted(e.settings.features) for e in facts.exams))


def source(facts: Facts) -> Paragraph:
    where = f"box {facts.box.name} ({facts.box.box_id})" if facts.box else "a settings file"
    return Paragraph(
        f"Made on {facts.made} by Hallvakt {facts.version} from the configuration of {where}: "
        f"{len(facts.exams)} exam(s). It describes that configuration and no other; make it again "
        "when something changes."
    )


def exam_blocks(facts: Facts) -> list[Block]:
    """One row per exam: what it switches on, why, and for how long."""
    rows = [
        (
            exam.settings.title,
            exam.state or "settings file",
            ", ".join(switched_on(exam.settings.features)) or "nothing",
            exam.settings.basis.legal_basis or "not recorded",
            exam.settings.basis.dpia_reference or "not recorded",
            f"{exam.settings.retention.days} days",
            exam.settings.sync.value,
            (exam.settings_hash or "not frozen")[:16],
        )
        for exam in facts.exams
    ]
    header = ("Exam", "State", "Switched on", "Legal basis", "DPIA", "Retention", "Sync",
              "Settings hash")  # fmt: skip
    return [Heading("The exams described"), Grid(header, tuple(rows))]


def switched_on(features: Features) -> list[str]:
    return [f.name for f in fields(features) if getattr(features, f.name)]


def category_rows(facts: Facts) -> tuple[tuple[str, ...], ...]:
    """The rows of the one table of processing that at least one of the exams permits."""
    return tuple(
        _category_row(rule, facts) for rule in TABLE if rule.category in all_permitted(facts)
    )


CATEGORY_HEADER = ("Data", "What and why", "Permitted by", "Kept", "Cloud", "Seen by", "Art. 9")


def _category_row(rule: Rule, facts: Facts) -> tuple[str, ...]:
    uses = [e.settings for e in facts.exams if rule.category in permitted(e.settings.features)]
    days = sorted({s.retention.days for s in uses})
    seconds = "/".join(map(str, sorted({s.capture.snippet_seconds for s in uses})))
    return (
        rule.category.value,
        DATA[rule.category].format(snippet_seconds=seconds),
        _by(rule),
        _kept(rule, days),
        _cloud(rule, uses, facts.box),
        ", ".join(rule.recipients) or "nobody; used by the box only",
        "yes" if rule.category in BIOMETRIC else "no",
    )


def _kept(rule: Rule, days: Sequence[int]) -> str:
    if not rule.stored:
        return "no"
    if rule.category in BIOMETRIC:
        return "sealed, until close"
    until = f"{' or '.join(map(str, days))} days after close at the latest"
    if rule.category in _OBJECTS:
        return f"sealed, until {until}"
    return f"as observations: rows until close, then sealed until {until}"


def _by(rule: Rule) -> str:
    return " and ".join(rule.permitted_by)


def _cloud(rule: Rule, uses: Sequence[ExamSettings], box: DescribedBox | None) -> str:
    scopes = {s.sync for s in uses} - {SyncScope.NONE}
    if not rule.in_cloud or not scopes or (box is not None and box.objects == "none"):
        return "no"
    return "ciphertext" if SyncScope.ALL in scopes else "ciphertext, flagged passages only"


def recipients_blocks(facts: Facts) -> list[Block]:
    box = facts.box
    blocks: list[Block] = [
        Bullets(
            (
                "Invigilators and lead invigilators: what the table says, for the exams and halls "
                "they are assigned to, only while the exam is open or live.",
                "Reviewers: only with a reviewer's private key, which is not on the box; the key "
                "opens everything of an attempt that is kept after close; the descriptor is not.",
                "Technicians: no media and no names.",
                "Data protection officer: the audit log, these documents, erasure and legal "
                "hold; no media on the box.",
            )
        )
    ]
    if box is None:
        return [*blocks, Paragraph("Cloud: not said by a settings file alone; see the box.")]
    if box.objects == "none":
        blocks.append(Paragraph("Cloud: none is configured; nothing leaves the box."))
    else:
        blocks.append(
            Paragraph(
                f"Processor: object storage `{box.objects}` (`{box.bucket}`), ciphertext only; "
                f"record database: {'configured' if box.records else 'not configured'}, holding "
                "random ids, sizes, digests, times and states. Before anything is sent the box "
                "asks the store where it lies and refuses what is not in the EU or EEA. "
                f"{OPEN_POINT} the processor's name and the agreement under Art. 28."
            )
        )
    keys = tuple(f"{kind}: {label}" for kind, label in box.recipients)
    blocks.append(
        Paragraph(
            "Keys on the list signed by the school root: a reviewer's or the recovery key opens "
            "footage and names, a data protection officer's key opens names only."
        )
    )
    blocks.append(Bullets(keys or ("none installed: no exam can be opened on this box",)))
    return blocks


def policy_blocks(policy: Policy | None) -> list[Block]:
    """The school's ceilings, or that there are none."""
    if policy is None:
        text = (
            "There is no policy file: no ceiling is set beyond what the settings need themselves."
        )
        return [Heading("The school's ceilings"), Paragraph(text)]
    limits = f"at least {policy.min_days}"
    limits += f", at most {policy.max_days}" if policy.max_days is not None else ", no upper limit"
    return [
        Heading("The school's ceilings"),
        Bullets(
            (
                f"features that may be on: {', '.join(sorted(policy.features)) or 'none'}",
                f"retention.days: {limits}",
                f"descriptors: {', '.join(sorted(policy.descriptors)) or 'none'}",
                f"sync: {', '.join(sorted(policy.sync)) or 'none'}",
                f"approval of misuse metrics: {policy.dpo_approval or 'none, so they stay off'}",
            )
        ),
    ]
