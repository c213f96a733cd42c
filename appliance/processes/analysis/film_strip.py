"""Stills spread over a snippet, for a person to look through."""

from __future__ import annotations

from appliance.adapters.media.container import SnippetContainer
from appliance.adapters.media.frames import evenly, stills_at
from appliance.adapters.media.stills import to_jpeg
from appliance.core.messages import FilmStripMade, MakeFilmStrip

_MOST_STILLS = 60
_MOST_WIDTH = 1280


def make(request: MakeFilmStrip) -> FilmStripMade:
    """Raises BadMedia when the snippet cannot be read. Fewer stills where it has fewer frames."""
    count = min(max(request.count, 1), _MOST_STILLS)
    width = min(max(request.width, 16), _MOST_WIDTH)
    with SnippetContainer(request.media, sound=False) as demuxed:
        moments = evenly(demuxed.duration_s, count)
        # Six stills of ten seconds do with key frames; sixty need every frame decoded.
        slack_s = max(0.6, demuxed.duration_s / count / 2)
        return FilmStripMade(
            stills=tuple(
                (round(still.at_s, 3), to_jpeg(still.picture, width))
                for still in stills_at(demuxed, moments, slack_s)
            )
        )
