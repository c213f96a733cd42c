"""The candidate's notice, made from the exam's settings by the table of `core/processing.py`.

It can say nothing else than what the settings permit, because every sentence about data hangs on
a category of that table, and every missing category gives a sentence that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from appliance.core import notice_texts as texts
from appliance.core import processing
from appliance.core.languages import Languages
from appliance.core.processing import BIOMETRIC, Category, permitted, rule_for
from appliance.core.settings import ExamSettings, Features
from appliance.core.wording import Translate

# Categories whose measurements the rules turn into observations.
_NOTED = frozenset(
    {
        Category.SOUND_PRESENCE,
        Category.PICTURE_QUALITY,
        Category.FACE_COUNT,
        Category.HEAD_POSE,
        Category.DESCRIPTOR,
        Category.HALL_SOUND,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`version` is the hexadecimal SHA-256 of everything a candidate reads: what was
    acknowledged is exactly this text, in this language. `languages` it can be had in."""

    version: str
    language: str
    languages: tuple[str, ...]
    title: str
    sections: tuple[Section, ...]


def notice_for(settings: ExamSettings, languages: Languages, language: str = "") -> Notice:
    """The notice of an exam. `language`: empty for the exam's own; one that is not there gives
    English, and `Notice.language` says so."""
    language = languages.language_of(language or settings.language)
    translate = languages.translation(language)
    title = translate(texts.TITLE).format(title=settings.title)
    sections = tuple(_sections(settings, translate))
    text = "\n".join(str(part) for part in (language, title, *map(astuple, sections)))
    return Notice(
        version=hashlib.sha256(text.encode()).hexdigest(),
        language=language,
        languages=languages.names,
        title=title,
        sections=sections,
    )


def _sections(settings: ExamSettings, translate: Translate) -> Iterable[Section]:
    categories = permitted(settings.features)

    def section(heading: str, paragraphs: Iterable[str]) -> Section:
        return Section(heading=translate(heading), paragraphs=tuple(paragraphs))

    def plain(paragraphs: Iterable[str]) -> list[str]:
        return [translate(p) for p in paragraphs]

    yield section(texts.SHORT_HEADING, [*plain(texts.SHORT), *_basis(settings, translate)])
    if categories:
        yield section(texts.DATA_HEADING, _data(settings, categories, translate))
    if categories & BIOMETRIC:
        yield section(texts.BIOMETRIC_HEADING, plain(texts.BIOMETRIC))
    yield section(texts.NOT_DONE_HEADING, plain([*_switched_off(settings.features), *texts.NEVER]))
    if categories & _NOTED:
        shown = settings.show_flags_after_hand_in
        afterwards = texts.FLAGS_SHOWN if shown else texts.FLAGS_NOT_SHOWN
        yield section(texts.FLAGS_HEADING, plain((*texts.FLAGS, afterwards)))
    yield section(texts.KEPT_HEADING, _kept(settings, categories, translate))
    yield section(texts.CHOICE_HEADING, plain(texts.CHOICE))
    yield section(texts.RIGHTS_HEADING, plain(texts.RIGHTS))


def _basis(settings: ExamSettings, translate: Translate) -> Iterable[str]:
    basis = settings.basis.legal_basis.strip().rstrip(".")
    if basis:
        yield translate(texts.LEGAL_BASIS).format(basis=basis)
    else:
        yield translate(texts.NO_LEGAL_BASIS)
    if reference := settings.basis.dpia_reference.strip().rstrip("."):
        yield translate(texts.DPIA).format(reference=reference)


def _data(
    settings: ExamSettings, categories: frozenset[Category], translate: Translate
) -> Iterable[str]:
    for rule in processing.TABLE:  # the table's order is the notice's
        if rule.category not in categories:
            continue
        data = translate(texts.DATA[rule.category])
        data = data.format(snippet_seconds=settings.capture.snippet_seconds)
        yield f"{data} {translate(texts.SEEN_BY[rule.recipients])}"


def _switched_off(features: Features) -> Iterable[str]:
    for feature in fields(features):
        if not getattr(features, feature.name):
            yield texts.NOT_DONE[feature.name]


def _kept(
    settings: ExamSettings, categories: frozenset[Category], translate: Translate
) -> Iterable[str]:
    stored = [rule_for(category) for category in categories if rule_for(category).stored]
    if not stored:
        yield translate(texts.NOTHING_KEPT)
        return
    for paragraph in texts.KEPT:
        yield translate(paragraph).format(days=settings.retention.days)
    yield translate(texts.KEPT_WHERE[settings.sync])
