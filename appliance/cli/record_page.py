"""`hallvakt record page`: a page that another program of Hallvakt's has made, as a PDF to print."""

from __future__ import annotations

import json as json_format
from pathlib import Path

from appliance.cli.options import Json
from appliance.cli.output import answer
from appliance.cli.record_pdf import as_pdf
from appliance.core.documents import from_data
from appliance.core.errors import BadInput
from appliance.whole_file import replace_whole


def page(file: Path, out: Path, *, json: Json = False) -> None:
    """Write a document that `hallvakt first-boot` has made (JSON) as a PDF.

    Parameters
    ----------
    file
        The document.
    out
        The PDF.
    """
    try:
        document = from_data(json_format.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read as a document.") from error
    replace_whole(out, as_pdf(document), 0o644)
    answer({"written": str(out)}, f"{document.title}: {out}.", as_json=json)
