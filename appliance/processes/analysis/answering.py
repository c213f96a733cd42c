"""One request in, one reply out; whatever goes wrong with the media becomes a WorkerFailed."""

from __future__ import annotations

import traceback

from appliance.core.errors import HallvaktError
from appliance.core.messages import (
    AnalyseSnippet,
    MakeFilmStrip,
    PreparePortrait,
    WorkerFailed,
    WorkerReply,
    WorkerRequest,
)
from appliance.processes.analysis import film_strip, portrait_preparation
from appliance.processes.analysis.models import Models
from appliance.processes.analysis.snippet_analysis import SnippetAnalysis


def answer(request: WorkerRequest, models: Models) -> WorkerReply:
    try:
        match request:
            case AnalyseSnippet():
                return SnippetAnalysis(request, models).run()
            case PreparePortrait():
                return portrait_preparation.prepare(request, models)
            case MakeFilmStrip():
                return film_strip.make(request)
    except HallvaktError as error:
        return WorkerFailed(code=error.code, message=error.message)
    except MemoryError:
        return WorkerFailed(
            code="bad-media", message="The video needs more memory than a snippet may."
        )
    except Exception as error:  # noqa: BLE001 (the one boundary of a request)
        traceback.print_exception(error)
        return WorkerFailed(
            code="analysis-failed",
            message="The media worker could not look at this video: its log says why.",
        )
