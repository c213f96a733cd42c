"""`hallvakt record`: the documents that data protection and the AI Act ask for, made from what is
configured on this box. Works without a running gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.store.stores import open_stores
from appliance.adapters.vision import weights
from appliance.adapters.vision.descriptors import CALIBRATION
from appliance.adapters.vision.manifest import Model, manifest_directory, read_manifest
from appliance.cli.options import DEFAULT_STATE, State
from appliance.config import box as box_file
from appliance.config.exam_settings import parse_settings
from appliance.config.policy import load_policy
from appliance.config.rule_figures import read_rule_figures
from appliance.core.document_dpia import dpia_inputs
from appliance.core.document_facts import DescribedBox, DescribedExam, DescribedModel, Facts
from appliance.core.document_processing import processing_record
from appliance.core.document_technical import technical_file
from appliance.core.documents import Document, markdown
from appliance.core.errors import (
    BadInput,
    IntegrityFailure,
    NotFound,
    WrongConfiguration,
)
from appliance.whole_file import replace_whole

app = App(name="record", help="Documents for data protection and the AI Act, from what is set.")
app.command(
    "appliance.cli.record_page:page", name="page", help="A page of another program's, as PDF."
)

Exam = Annotated[
    Path | None,
    Parameter(name="--exam", help="A settings file to describe, instead of the box's exams."),
]
Out = Annotated[
    Path | None, Parameter(name="--out", help="Write to this .md or .pdf file, not here.")
]


@app.command
async def processing(*, state: State = DEFAULT_STATE, exam: Exam = None, out: Out = None) -> None:
    """The record of processing activities (GDPR Art. 30)."""
    await _write(processing_record, state, exam, out)


@app.command
async def dpia(*, state: State = DEFAULT_STATE, exam: Exam = None, out: Out = None) -> None:
    """Inputs for a data protection impact assessment (GDPR Art. 35)."""
    await _write(dpia_inputs, state, exam, out)


@app.command(name="technical-file")
async def technical(*, state: State = DEFAULT_STATE, exam: Exam = None, out: Out = None) -> None:
    """Inputs for the technical documentation (AI Act, Annex IV)."""
    await _write(technical_file, state, exam, out)


async def _write(
    make: Callable[[Facts], Document], state: Path, exam: Path | None, out: Path | None
) -> None:
    if out is not None and out.suffix not in (".md", ".pdf"):
        raise BadInput(f"{out.name} must end in .md or .pdf.", code="bad-suffix")
    if exam is None:
        exams = await _exams(state)
    else:
        exams = (await asyncio.to_thread(_described, exam),)
    document = make(await asyncio.to_thread(_facts, state, exams))
    if out is None:
        print(markdown(document), end="")
        return
    await asyncio.to_thread(_save, document, out)
    print(f"{document.title}: {out}.")


def _save(document: Document, out: Path) -> None:
    if out.suffix == ".pdf":
        from appliance.cli.record_pdf import as_pdf

        content = as_pdf(document)
    else:
        content = markdown(document).encode()
    replace_whole(out, content, 0o644)


def _facts(state: Path, exams: tuple[DescribedExam, ...]) -> Facts:
    """Of the box in `state`; for a settings file there may be none."""
    there = (state / box_file.FILE_NAME).exists()
    return Facts(
        made=datetime.now(UTC).date().isoformat(),
        version=version("hallvakt"),
        exams=exams,
        models=tuple(_model(model) for model in read_manifest().models),
        box=_box(state) if there else None,
        policy=load_policy(state),
        calibration={d.value: c.threshold for d, c in CALIBRATION.items()},
        rule_runs=read_rule_figures(manifest_directory()),
    )


def _described(path: Path) -> DescribedExam:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from error
    return DescribedExam(settings=parse_settings(text))


async def _exams(state: Path) -> tuple[DescribedExam, ...]:
    await asyncio.to_thread(box_file.load, state)  # says in a sentence when there is no box
    stores = await asyncio.to_thread(open_stores, state)
    try:
        exams = await stores.exams.all()
    finally:
        await stores.close()
    return tuple(
        DescribedExam(settings=e.settings, settings_hash=e.settings_hash, state=e.state.value)
        for e in exams
    )


def _box(state: Path) -> DescribedBox:
    config = box_file.load(state)
    try:
        listed = load_recipients(state / "keys").recipients
    except NotFound:
        listed = ()
    return DescribedBox(
        name=config.name,
        box_id=config.box_id,
        objects=config.cloud.objects,
        bucket=config.cloud.bucket or str(config.cloud.directory or ""),
        records=config.cloud.records_uri_file is not None,
        recipients=tuple((r.kind.value, r.label) for r in listed),
    )


def _model(model: Model) -> DescribedModel:
    card = manifest_directory() / "cards" / model.card
    return DescribedModel(
        name=model.name,
        file=model.file,
        sha256=model.sha256,
        use=model.use,
        licence_of_package=model.licence_of_package,
        licence_of_weights=model.licence_of_weights,
        opt_in=model.opt_in,
        state=_state(model),
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
    )


def _state(model: Model) -> str:
    try:
        weights.load_bytes(model.name)
    except WrongConfiguration:
        return "missing"
    except IntegrityFailure:
        return "changed"
    return "installed"
