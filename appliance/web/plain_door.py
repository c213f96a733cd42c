"""What a browser gets that did not ask for TLS: one page, which explains a certificate warning
instead of teaching people to click through it. Nothing of an exam passes here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web

from appliance.web.connections import CONNECTIONS, Connections, noticed

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font:1.15rem/1.6 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1rem;
color:#1c2733;background:#fbfaf7}}a.go{{display:inline-block;padding:.7rem 1.2rem;
background:#1f5673;color:#fff;border-radius:.4rem;text-decoration:none}}code{{overflow-wrap:anywhere}}
summary{{cursor:pointer}}</style></head><body><main><h1>{title}</h1>
<p><a class="go" href="{url}">{go}</a></p>
<h2>{warned}</h2><p>{stop}</p><p>{tell}</p>{technician}</main></body></html>"""

_ENGLISH = {
    "title": "The exam box",
    "go": "Go to the exam",
    "warned": "Does the browser warn you?",
    "stop": "Then stop, and do not go past the warning. It means that this computer cannot tell "
    "the school's box from another machine that pretends to be it.",
    "tell": "Tell the invigilator. You have done nothing wrong, and you will lose no time for it.",
    "summary": "For the technician",
    "why": "This computer does not know the box's certificate authority. Install it with the files "
    "that <code>hallvakt certificate export</code> writes, and compare its SHA-256 fingerprint on "
    "the box's own screen, not here: this page came without TLS. Also look at the clock of this "
    "computer.",
    "public": "The box has a publicly trusted certificate. A warning means a wrong clock on this "
    "computer, an ended certificate, or another machine: run <code>hallvakt doctor</code>.",
}
_SWEDISH = {
    "title": "Provlådan",
    "go": "Gå till provet",
    "warned": "Varnar webbläsaren?",
    "stop": "Stanna då, och gå inte förbi varningen. Den betyder att datorn inte kan skilja "
    "skolans låda från en annan maskin som utger sig för att vara den.",
    "tell": "Säg till provvakten. Du har inte gjort något fel, och du förlorar ingen tid.",
    "summary": "För teknikern",
    "why": "Datorn känner inte lådans certifikatutfärdare. Installera den med filerna som "
    "<code>hallvakt certificate export</code> skriver, och jämför dess SHA-256-fingeravtryck på "
    "lådans egen skärm, inte här: den här sidan kom utan TLS. Se också efter datorns klocka.",
    "public": "Lådan har ett allmänt betrott certifikat. En varning betyder fel klocka på datorn, "
    "ett certifikat som gått ut, eller en annan maskin: kör <code>hallvakt doctor</code>.",
}


def plain_door(name: str, port: int, *, public: Callable[[], Awaitable[bool]]) -> web.Application:
    """Leads to the box at `name`; `public`: whether a publicly trusted certificate is served now.
    No fingerprint is shown: here anybody could have changed it."""
    at = f"[{name}]" if ":" in name else name
    url = f"https://{at}/" if port == 443 else f"https://{at}:{port}/"

    async def answer(request: web.Request) -> web.StreamResponse:
        swedish = request.headers.get("Accept-Language", "").lower().startswith("sv")
        words = _SWEDISH if swedish else _ENGLISH
        why = words["public" if await public() else "why"]
        page = _PAGE.format(
            language="sv" if swedish else "en",
            url=escape(url, quote=True),
            technician=f"<details><summary>{words['summary']}</summary><p>{why}</p></details>",
            **{k: words[k] for k in ("title", "go", "warned", "stop", "tell")},
        )
        return web.Response(
            text=page,
            content_type="text/html",
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    app = web.Application(client_max_size=0, middlewares=[noticed])
    app[CONNECTIONS] = Connections(time.monotonic)
    app.router.add_get("/{anything:.*}", answer)
    return app
