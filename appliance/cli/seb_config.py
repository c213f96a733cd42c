"""`hallvakt exam seb-config`: a settings file for schools that use Safe Exam Browser."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from appliance.cli.box_client import logged_in
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer
from appliance.core.errors import Unreachable
from appliance.whole_file import replace_whole


async def seb_config(
    exam: str,
    /,
    *,
    who: Caller,
    out: Annotated[Path, Parameter(name="--out", help="The file to write, ending in .seb.")],
    json: Json = False,
) -> None:
    """Write a settings file for Safe Exam Browser: it opens the candidate's page with camera and
    microphone allowed, trusts this box, lets nothing else be opened, and ends after the hand-in.

    Add the school's quit password in SEB's own configuration tool.
    """
    from appliance.cli import seb_file
    from appliance.cli.exam import exam_id_of

    async with logged_in(who) as box:
        status = await box.call("GET", f"/exams/{await exam_id_of(box, exam)}")
    page, authority = await asyncio.to_thread(_page_and_authority, who.state)
    settings = seb_file.settings(page, status["code"], authority)
    await asyncio.to_thread(replace_whole, out, seb_file.encode(settings), 0o644)
    answer(
        {"file": str(out), "start_url": settings["startURL"], "quit_url": settings["quitURL"]},
        f"{out}: opens {settings['startURL']}.",
        as_json=json,
    )


def _page_and_authority(state: Path) -> tuple[str, bytes | None]:
    """The box's address, and its own authority (DER) where its certificate is not a public one."""
    from appliance.adapters.host.tls import TlsFiles
    from appliance.config.box import load

    web = load(state).web
    if web.public_certificate:
        return web.page_url, None
    authority = TlsFiles.below(state / "tls").authority
    try:
        return web.page_url, ssl.PEM_cert_to_DER_cert(authority.read_text())
    except OSError as error:
        raise Unreachable(f"{authority} cannot be read: {error.strerror}.") from error
