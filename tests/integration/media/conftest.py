from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.media_workers import WorkerProcess, media_worker


@pytest.fixture(scope="session")
def worker() -> Iterator[WorkerProcess]:
    """One worker for the tests that only ask; those that harm it start their own."""
    with tempfile.TemporaryDirectory() as directory, media_worker(Path(directory)) as process:
        yield process
