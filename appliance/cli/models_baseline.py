"""The obvious pipeline: what looking costs when nothing is left out and nothing is made fast.

Every frame is decoded and converted, as a loop over a video file does. On each sampled frame the
detector searches the whole picture, and the mesh and the descriptor run on every face, with the
networks as they were published (their leaky units as PRelu). Same snippets, same sampled moments,
same one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from appliance.adapters.media.container import SnippetContainer
from appliance.adapters.media.frames import Still, every
from appliance.adapters.vision.convert.leaky_units import as_published
from appliance.core.settings import Descriptor
from appliance.processes.analysis.models import Models

ABOUT = (
    "every frame decoded and converted; on each sampled frame full detection, mesh and descriptor, "
    "with the networks as published"
)
_WITHOUT_LEAKY_UNITS = frozenset({"dlib", "yunet", "silero"})


class ObviousPipeline:
    """Opens its own copies of the networks at the first snippet."""

    def __init__(
        self, load: Callable[[str], bytes], descriptor: Descriptor, every_s: float
    ) -> None:
        def published(name: str) -> bytes:
            content = load(name)
            return content if name in _WITHOUT_LEAKY_UNITS else as_published(content)

        self._models = Models(published)
        self._descriptor = descriptor
        self._every_s = every_s

    def look(self, medias: Iterable[bytes]) -> None:
        for media in medias:
            for still in _every_frame_decoded(media, self._every_s):
                for face in self._models.faces.find(still.picture):
                    self._models.mesh.pose(still.picture, face)
                    self._models.describe(still.picture, face.points, self._descriptor)


def _every_frame_decoded(media: bytes, every_s: float) -> Iterator[Still]:
    """The frames at the usual moments, after decoding and converting all of them."""
    with SnippetContainer(media) as demuxed:
        context = demuxed.video_stream.codec_context
        waiting = every(demuxed.duration_s, every_s)
        for timed in demuxed.video:
            for frame in context.decode(timed.packet):
                picture = frame.to_ndarray(format="bgr24")
                if waiting and timed.at_s >= waiting[0]:
                    waiting.pop(0)
                    yield Still(timed.at_s, picture)
