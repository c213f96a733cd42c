"""A real server: who connects and asks nothing is cut off, who waits for an answer is not."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

from appliance.processes.connections_kept import places_kept_free
from appliance.web.connections import CONNECTIONS, FIRST_REQUEST_S, Connections, noticed
from tests.support.fake_clock import FakeClock


async def test_a_connection_without_a_request_ends_and_one_under_way_goes_on() -> None:
    clock, asked, go_on = FakeClock(), asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        asked.set()
        await go_on.wait()
        return web.Response(text="here")

    app = web.Application(middlewares=[noticed])
    app[CONNECTIONS] = Connections(clock.monotonic)
    app.router.add_get("/slow", slow)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with (
            asyncio.timeout(60),
            places_kept_free(runner, every_s=0.01),
            aiohttp.ClientSession() as http,
        ):
            waits = asyncio.create_task(http.get(f"http://127.0.0.1:{site.port}/slow"))
            await asked.wait()
            silent, writer = await asyncio.open_connection("127.0.0.1", site.port)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: box\r\nNever: ends")
            read = asyncio.create_task(silent.read())
            while not read.done():  # until it has been seen once, its time does not run
                clock.advance(FIRST_REQUEST_S)
                await asyncio.sleep(0.01)
            await asyncio.gather(read, return_exceptions=True)
            go_on.set()
            async with await waits as answer:
                assert await answer.text() == "here"
            writer.close()
    finally:
        await runner.cleanup()
