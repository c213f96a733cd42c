"""The open WebSocket of each candidate's page, as the use cases see it.

An attempt has at most one channel: a newer page takes the place of an older one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from appliance.core.errors import WrongState
from appliance.core.ids import AttemptId, ExamId, ViewId
from appliance.core.ports import IceServer

IceCandidateInit = dict[str, Any]  # RTCIceCandidateInit as the browser made it; passed on unread


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOffer:
    view: ViewId
    sdp: str
    ice_servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveIceCandidate:
    view: ViewId
    candidate: IceCandidateInit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEnd:
    view: ViewId


@dataclass(frozen=True, slots=True, kw_only=True)
class HallMessage:
    text: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Another computer has this seat now; this page only sends what it still has."""

    at: int


ChannelMessage = LiveOffer | LiveIceCandidate | LiveEnd | HallMessage | TakenOver


class Channel(Protocol):
    """None of these waits: a page that does not read loses its channel, not the box its time."""

    host: str  # the name or address under which this page reached the box

    def send(self, message: ChannelMessage) -> None: ...

    def refresh(self) -> None:
        """Send a fresh status soon; several asks before it goes out are one."""

    def close(self) -> None: ...


class Channels:
    def __init__(self) -> None:
        self._open: dict[AttemptId, tuple[ExamId, Channel]] = {}

    def opened(self, exam: ExamId, attempt: AttemptId, channel: Channel) -> None:
        older = self._open.get(attempt)
        self._open[attempt] = (exam, channel)
        if older is not None:
            older[1].close()

    def closed(self, attempt: AttemptId, channel: Channel) -> bool:
        """Forget `channel`; False when a newer one has already taken its place."""
        current = self._open.get(attempt)
        if current is None or current[1] is not channel:
            return False
        del self._open[attempt]
        return True

    def of(self, attempt: AttemptId) -> Channel:
        """Raise WrongState when the candidate's page is not connected."""
        try:
            return self._open[attempt][1]
        except KeyError:
            raise WrongState(
                "The candidate's page is not connected now: wait until the link is back.",
                code="page-not-connected",
            ) from None

    def has(self, attempt: AttemptId) -> bool:
        return attempt in self._open

    def send(self, attempt: AttemptId, message: ChannelMessage) -> None:
        """To the page when it is connected; lost otherwise."""
        if attempt in self._open:
            self._open[attempt][1].send(message)

    def refresh(self, attempt: AttemptId) -> None:
        if attempt in self._open:
            self._open[attempt][1].refresh()

    def refresh_exam(self, exam: ExamId) -> None:
        for owner, channel in self._open.values():
            if owner == exam:
                channel.refresh()

    def close(self, attempt: AttemptId) -> None:
        """When the page's token is no longer good."""
        if attempt in self._open:
            self._open[attempt][1].close()

    def close_all(self) -> None:
        for _, channel in list(self._open.values()):
            channel.close()
