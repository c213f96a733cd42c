"""One real box per test module, and a lead who is logged in."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import validate
from tests.support.box import RealBox, use_workers
from tests.support.box_api import BoxApi, Prepared


@pytest.fixture(scope="module")
def workers() -> int:
    """How many media workers the module's box has; a module may say otherwise."""
    return 0


@pytest.fixture(scope="module")
def served(workers: int) -> Iterator[RealBox]:
    # Not tmp_path: a Unix socket's path has at most 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="hvbox-"))
    box = RealBox(directory / "box", free_port(), workers=workers, validate=validate)
    try:
        box.make()
        use_workers(box.state, workers)
        asyncio.run(box.start())
        yield box
    finally:
        asyncio.run(box.stop())
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def lead_token(served: RealBox) -> str:
    async def login() -> str:
        lead = await served.login()
        await served.close_apis()
        assert lead.token
        return lead.token

    return asyncio.run(login())


@pytest_asyncio.fixture
async def box(served: RealBox) -> AsyncIterator[RealBox]:
    yield served
    await served.close_apis()


@pytest_asyncio.fixture
async def lead(box: RealBox, lead_token: str) -> BoxApi:
    return box.api(lead_token)


@pytest_asyncio.fixture
async def exam(box: RealBox, lead: BoxApi) -> Prepared:
    """Live, with seats A1 A2 (Aula) and B1 (Annex), video snippets on."""
    return await box.new_exam(lead)


@pytest_asyncio.fixture
async def candidate(box: RealBox, exam: Prepared) -> BoxApi:
    """At A1, checked in."""
    page = box.api()
    assert (await page.join(exam.code, exam.seats["A1"], PageKey())).status == 201
    await page.check_in()
    return page
