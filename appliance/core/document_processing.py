"""The record of processing activities (GDPR Art. 30(1)) of a box or of one settings file."""

from __future__ import annotations

from appliance.core.document_facts import (
    CATEGORY_HEADER,
    OPEN_POINT,
    Facts,
    category_rows,
    exam_blocks,
    policy_blocks,
    recipients_blocks,
    source,
)
from appliance.core.document_texts import BREACH, COMPLAINT, OTHER_DATA, RIGHTS, SAFEGUARDS
from appliance.core.documents import Block, Bullets, Document, Grid, Heading, Paragraph


def processing_record(facts: Facts) -> Document:
    rows = category_rows(facts)
    blocks: list[Block] = [
        source(facts),
        Heading("Controller (a)"),
        Paragraph(
            f"{OPEN_POINT} name and contact of the school or school board, its representative and "
            "its data protection officer."
        ),
        Heading("Purposes (b)"),
        Paragraph("Supervising written exams in the school's own halls; nothing else."),
        *exam_blocks(facts),
        Heading("Persons and data (c)"),
        Paragraph("Candidates of these exams, and the staff who supervise them."),
        Grid(CATEGORY_HEADER, rows)
        if rows
        else Paragraph("These exams switch nothing on: no picture and no sound is processed."),
        Paragraph("Besides, whatever is switched on:"),
        Grid(("Data", "What", "Where and how long"), OTHER_DATA),
        Heading("Recipients (d)"),
        *recipients_blocks(facts),
        Heading("Transfers outside the EU/EEA (e)"),
        Paragraph(
            "None by this product: a store that lies elsewhere, or does not say, is refused."
        ),
        Heading("Time limits (f)"),
        Bullets(_time_limits(facts)),
        Heading("Security measures (g)"),
        Bullets(SAFEGUARDS),
        *policy_blocks(facts.policy),
        Heading("When something goes wrong: 24 hours, 72 hours"),
        Bullets(BREACH),
        Heading("Rights of candidates"),
        Bullets(RIGHTS),
        Heading("Complaints"),
        Bullets(COMPLAINT),
    ]
    return Document(title="Record of processing activities (GDPR Art. 30)", blocks=tuple(blocks))


def _time_limits(facts: Facts) -> tuple[str, ...]:
    limits = [
        f"{exam.settings.title}: everything goes {exam.settings.retention.days} days after close, "
        "on the box and in the cloud; the box's own copy goes "
        f"{exam.settings.retention.local_days} days after the cloud's copy is confirmed."
        for exam in facts.exams
    ]
    limits.append(
        "The janitor (`hallvakt janitor`) deletes; keys go before ciphertext. An exam under a "
        "legal hold is kept until the hold is released."
    )
    return tuple(limits)
