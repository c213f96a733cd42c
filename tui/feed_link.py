"""The feed of one exam, held open: resumes where it stopped and says when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum

import aiohttp

from appliance.core.errors import HallvaktError, IntegrityFailure, NotAllowed, NotFound
from appliance.core.feed import FeedMessage
from appliance.core.ids import ExamId
from tui.client import BoxClient
from tui.problems import LoginEnded
from tui.replies import decode_feed

PAUSES_S: Sequence[float] = (0.3, 0.6, 1.2, 2.5, 5.0)  # the last one repeats


class Link(StrEnum):
    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


class FeedLink:
    """`messages()` yields for as long as this person may watch this exam.

    It raises NotAllowed, LoginEnded or NotFound when the box says no for good; network trouble
    only changes `link` and calls `on_link`, and the feed goes on after the last seen number.
    """

    def __init__(
        self,
        client: BoxClient,
        exam: ExamId,
        on_link: Callable[[Link], None],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._client = client
        self._exam = exam
        self._on_link = on_link
        self._pauses_s = pauses_s
        self.link = Link.CONNECTING
        self.seen: int | None = None
        self.resumes = 0

    async def messages(self) -> AsyncIterator[FeedMessage]:
        failures = 0
        while True:
            try:
                async with self._client.feed(self._exam, self.seen) as socket:
                    if self.link is Link.LOST:
                        self.resumes += 1
                    self._say(Link.UP)
                    failures = 0
                    async for frame in socket:
                        if frame.type is not aiohttp.WSMsgType.TEXT:
                            break
                        message = decode_feed(frame.data)
                        self.seen = message.seq
                        yield message
                    await self._raise_if_refused()
            except (LoginEnded, NotAllowed, NotFound, IntegrityFailure):
                raise
            except HallvaktError:
                pass  # busy, or locked: it may be over soon
            except (TimeoutError, aiohttp.ClientError, OSError):
                pass  # network trouble: say so and try again
            self._say(Link.LOST)
            await asyncio.sleep(self._pauses_s[min(failures, len(self._pauses_s) - 1)])
            failures += 1

    def _say(self, link: Link) -> None:
        if link is not self.link:
            self.link = link
            self._on_link(link)

    async def _raise_if_refused(self) -> None:
        """After the box closed the feed: find out whether it was for good."""
        try:
            await self._client.exam(self._exam)
        except (LoginEnded, NotAllowed, NotFound):
            raise
        except HallvaktError:
            return
