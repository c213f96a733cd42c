"""A language that the page itself does not speak: the notice is offered in it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.rehearsal.browser import shown
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import ServedBox, served
from tests.promises.test_p06_languages import FINNISH


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBox]:
    """One whose school has added a file."""

    def add(state: Path) -> None:
        (state / "languages").mkdir()
        (state / "languages" / "fi.po").write_text(FINNISH, encoding="utf-8")

    with served(tmp_path_factory.mktemp("l"), before=add) as box:
        yield box


async def test_the_notice_is_read_and_acknowledged_in_an_added_language(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False, live_view=False))
    page = (await open_page()).page
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await shown(page, "notice")
    offered = page.locator("#notice-body button")
    await offered.first.wait_for()
    assert await offered.all_inner_texts() == ["suomi"]
    await offered.first.click()
    heading = page.locator("#notice-body h2").first
    await heading.filter(has_text="Lyhyesti").wait_for()
    assert await page.get_attribute("#notice-body", "lang") == "fi"
    # And back with the page's own button, which speaks what the page speaks.
    await page.click("#language")
    await page.locator("#notice-body h2").first.filter(has_text="I korthet").wait_for()
    await offered.first.click()
    await heading.filter(has_text="Lyhyesti").wait_for()
    await page.click("#notice-acknowledge")
    await shown(page, "devices")
