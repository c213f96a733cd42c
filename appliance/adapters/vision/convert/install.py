"""Puts model files and demo pictures in place: fetch, check, convert, check, move."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.adapters.vision.convert.conversions import convert
from appliance.adapters.vision.convert.packages import check, fetch, member
from appliance.adapters.vision.manifest import Model, Picture, Source
from appliance.core.errors import NotFound
from appliance.whole_file import replace_whole, unwritable

Say = Callable[[str], None]


def install_models(models: Iterable[Model], into: Path, bundle: Path | None, say: Say) -> int:
    """Install what is missing or different and return how many files that were.

    `bundle` is a directory with finished model files or package files, for a machine without a
    network. Raises Unreachable, NotFound (not in the bundle) and IntegrityFailure.
    """
    with _Fetcher(bundle) as fetcher:
        count = 0
        for model in models:
            if _is(into / model.file, model.sha256):
                continue
            say(f"{model.name}: {model.use}")
            content = fetcher.finished(model.file)
            if content is None:
                source = fetcher.member(model.source)
                content = convert(model.conversion, source, outputs=model.outputs)
            check(content, model.sha256, model.file)
            place(into / model.file, content)
            count += 1
    return count


def install_pictures(pictures: Iterable[Picture], into: Path, bundle: Path | None, say: Say) -> int:
    """As `install_models`, for the pictures of the demo and the tests."""
    with _Fetcher(bundle) as fetcher:
        count = 0
        for picture in pictures:
            if _is(into / picture.file, picture.source.member_sha256):
                continue
            say(f"{picture.file}: {picture.about}")
            content = fetcher.finished(picture.file)
            if content is None:
                content = fetcher.member(picture.source)
            check(content, picture.source.member_sha256, picture.file)
            place(into / picture.file, content)
            count += 1
    return count


class _Fetcher:
    """Bytes from a bundle or from the registries, packages kept until all is done."""

    def __init__(self, bundle: Path | None) -> None:
        self._bundle = bundle
        self._scratch = tempfile.TemporaryDirectory(prefix="hallvakt-models-")

    def __enter__(self) -> _Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()

    def finished(self, file: str) -> bytes | None:
        path = self._bundle / file if self._bundle else None
        return path.read_bytes() if path and path.is_file() else None

    def member(self, source: Source) -> bytes:
        if self._bundle is None:
            return member(fetch(source, Path(self._scratch.name)), source)
        path = self._bundle / source.file
        if not path.is_file():
            raise NotFound(
                f"The bundle {self._bundle} holds neither the finished file nor {source.file}."
            )
        check(path.read_bytes(), source.sha256, source.file)
        return member(path, source)


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def place(path: Path, content: bytes) -> None:
    """In one step, so that a cut never leaves half a model under the right name."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    replace_whole(path, content, 0o644)
