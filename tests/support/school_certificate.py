"""A certificate as a school would bring it: the box's own authority did not make it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

from appliance.adapters.host import tls
from tests.support.box import RealBox


def of_another_authority(directory: Path, name: str = "127.0.0.1") -> tls.TlsFiles:
    now = datetime.now(UTC)
    tls.make_authority(directory, "Other", [name], now)
    return tls.ensure_certificate(directory, [name], now)


async def served(box: RealBox) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", box.port, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    assert reader is not None
    return bytes(found)


async def until_served(box: RealBox, pem: Path) -> None:
    wanted = ssl.PEM_cert_to_DER_cert(await asyncio.to_thread(pem.read_text))
    async with asyncio.timeout(60):
        while await served(box) != wanted:  # noqa: ASYNC110 (another process serves it)
            await asyncio.sleep(0.1)
