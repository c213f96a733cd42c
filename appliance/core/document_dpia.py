"""Inputs for a data protection impact assessment (GDPR Art. 35(7)): what the configuration can say.
The assessment itself, and whether the processing is necessary, is the school's."""

from __future__ import annotations

from appliance.core.document_facts import (
    CATEGORY_HEADER,
    OPEN_POINT,
    Facts,
    all_permitted,
    category_rows,
    exam_blocks,
    policy_blocks,
    recipients_blocks,
    source,
    switched_on,
)
from appliance.core.document_texts import COMPLAINT, OVERSIGHT, RESIDUALS, RIGHTS, SAFEGUARDS
from appliance.core.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from appliance.core.processing import BIOMETRIC, Category

# A risk to a candidate, the category it comes with, and what stands against it in the program.
_RISKS: tuple[tuple[str, frozenset[Category], str], ...] = (
    (
        "Being looked at without cause or by the wrong person",
        frozenset({Category.LIVE_PICTURE, Category.SNIPPET, Category.THUMBNAIL, Category.PORTRAIT}),
        "role, exam, hall and state are checked each time; looking is logged before it happens",
    ),
    (
        "Footage getting out",
        frozenset({Category.SNIPPET, Category.THUMBNAIL, Category.PORTRAIT}),
        "sealed at once; key destroyed at close; the cloud holds ciphertext only",
    ),
    (
        "A wrong suspicion",
        frozenset(
            {Category.FACE_COUNT, Category.HEAD_POSE, Category.DESCRIPTOR, Category.SOUND_PRESENCE}
        ),
        "conditions must hold for seconds; a person decides; observations state how clear they are",
    ),
    (
        "Being taken for another person",
        frozenset({Category.DESCRIPTOR}),
        "compared one to one with the seat's own photo, several frames; checking by hand mutes it; "
        "error rates per group are not measured",
    ),
    (
        "Conversations being understood",
        frozenset({Category.SNIPPET, Category.SOUND_PRESENCE}),
        "snippets have sound, sealed like the picture; analysis says voice or noise, not words or "
        "whose voice",
    ),
    (
        "Keeping data too long",
        frozenset(Category) - {Category.LIVE_PICTURE},
        "days of retention are mandatory in the settings; the janitor deletes keys, then data",
    ),
)


def dpia_inputs(facts: Facts) -> Document:
    allowed = all_permitted(facts)
    biometric = [e.settings.title for e in facts.exams if e.settings.features.track_misuse_metrics]
    blocks: list[Block] = [
        source(facts),
        Heading("1. Description of the processing (Art. 35(7)(a))"),
        *exam_blocks(facts),
        Grid(CATEGORY_HEADER, category_rows(facts)),
        *recipients_blocks(facts),
        Heading("2. Necessity and proportionality (b)"),
        Bullets(_necessity(facts)),
        Heading("3. Biometric data (Art. 9)"),
        Paragraph(
            f"Processed in: {', '.join(biometric)}. Off unless legal basis and DPIA reference are "
            "recorded in the settings; candidates can be checked by a person instead, without "
            "disadvantage."
            if allowed & BIOMETRIC
            else "None: no exam described here switches track_misuse_metrics on, so no face model "
            "is opened and no descriptor is made."
        ),
        Heading("4. Risks to candidates, and what stands against them (c, d)"),
        Grid(
            ("Risk", "What the program does", f"Likelihood and severity ({OPEN_POINT[2:-3]})"),
            tuple((risk, measure, "") for risk, with_, measure in _RISKS if with_ & allowed),
        ),
        Heading("5. Safeguards in the program (d)"),
        Bullets(SAFEGUARDS),
        Heading("6. Human oversight"),
        Bullets(OVERSIGHT),
        Heading("7. What remains"),
        Bullets(RESIDUALS),
        *policy_blocks(facts.policy),
        Heading("8. Rights of candidates, complaints"),
        Bullets(RIGHTS),
        Bullets(COMPLAINT),
        Heading("9. Views of those concerned (Art. 35(9)) and of the officer (Art. 35(2))"),
        Paragraph(OPEN_POINT),
    ]
    return Document(
        title="Inputs for a data protection impact assessment (GDPR Art. 35)", blocks=tuple(blocks)
    )


def _necessity(facts: Facts) -> tuple[str, ...]:
    points = [
        f"{exam.settings.title}: {', '.join(switched_on(exam.settings.features)) or 'nothing'} "
        f"switched on; legal basis: {exam.settings.basis.legal_basis or 'not recorded'}; "
        f"{exam.settings.capture.width}x{exam.settings.capture.height} at "
        f"{exam.settings.capture.frames_per_second} frames a second, kept "
        f"{exam.settings.retention.days} days."
        for exam in facts.exams
    ]
    return (*points, f"{OPEN_POINT} why less would not do, for each switch that is on.")
