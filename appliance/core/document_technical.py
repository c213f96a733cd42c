"""Inputs for the technical documentation of the AI Act (Annex IV): what the school or the supplier
can take over as it is. It is not the conformity assessment."""

from __future__ import annotations

from appliance.core.document_facts import (
    DescribedModel,
    Facts,
    exam_blocks,
    source,
)
from appliance.core.document_rules import DESCRIBERS, figure_blocks, threshold_blocks
from appliance.core.document_texts import OVERSIGHT, RESIDUALS, SAFEGUARDS
from appliance.core.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from appliance.core.processing import NEEDS_FACE_MODEL, Category, permitted
from appliance.core.settings import ExamSettings

_FACES = ("yunet", "facemesh")


def technical_file(facts: Facts) -> Document:
    blocks: list[Block] = [
        source(facts),
        Paragraph(
            "Detecting prohibited behaviour of students during tests is a high-risk use (AI Act, "
            "Annex III, 3(d)). Inferring emotions in education is prohibited (Art. 5(1)(f)): this "
            "product has no such model, field or text."
        ),
        Heading("1. General description"),
        Paragraph(
            "A box on the school's own network takes short pieces of video from candidates' "
            "browsers, seals them, and, as far as the exam's settings permit, measures them; rules "
            "turn measurements that hold for some time into observations, which people look at."
        ),
        *exam_blocks(facts),
        Heading("2. Models"),
        Paragraph(
            "A model is loaded only when an exam's settings permit its category, and only when its "
            "SHA-256 is the one of the manifest."
        ),
        Grid(
            ("Model", "Loaded by these exams", "State on this machine", "SHA-256", "Licence of "
             "the package", "Licence of the weights"),
            tuple(_row(model, facts) for model in facts.models),
        ),
    ]  # fmt: skip
    for model in facts.models:
        blocks += [Heading(f"{model.name}: measured", 3), *_measured(model)]
    blocks += [
        Heading("3. Rules and thresholds"),
        *threshold_blocks(facts),
        Heading("Rules: measured", 3),
        *figure_blocks(facts),
        Heading("4. Human oversight (Art. 14)"),
        Bullets(OVERSIGHT),
        Heading("5. Logging (Art. 12)"),
        Paragraph(
            "The audit log holds who did or looked at what, when and for what purpose, under "
            "pseudonyms, chained by hashes: `hallvakt audit verify`."
        ),
        Heading("6. Accuracy, robustness, security (Art. 15)"),
        Bullets(SAFEGUARDS),
        Heading("7. Known limits"),
        Bullets(RESIDUALS),
    ]
    return Document(
        title="Inputs for the technical documentation (AI Act, Annex IV)", blocks=tuple(blocks)
    )


def loads(model: str, settings: ExamSettings) -> bool:
    """Whether an exam with these settings may make a worker open this model."""
    allowed = permitted(settings.features)
    if model in _FACES:
        return bool(allowed & NEEDS_FACE_MODEL)
    if model == "silero":
        return bool(allowed & {Category.SOUND_PRESENCE, Category.HALL_SOUND})
    return Category.DESCRIPTOR in allowed and model in DESCRIBERS[settings.descriptor]


def _row(model: DescribedModel, facts: Facts) -> tuple[str, ...]:
    using = sum(loads(model.name, exam.settings) for exam in facts.exams)
    return (
        model.name,
        f"{using} of {len(facts.exams)}",
        model.state + (" (opt-in)" if model.opt_in else ""),
        model.sha256,
        model.licence_of_package,
        model.licence_of_weights,
    )


def _measured(model: DescribedModel) -> list[Block]:
    parts = [model.part(name) for name in ("Does", "Figures", "Therefore", "Limits")]
    return [Paragraph(text) for text in parts if text]
