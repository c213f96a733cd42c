"""The doctor's look at the network from inside a namespace, where a test has put this process.

    python -m tests.support.doctor_on_a_network STATE '{"where": {"names": [...]}}' [announcing]

prints one JSON object: for each place asked about (values of box.toml's [web] in place of its own)
the checks by name. With `announcing`, while a box tells its name to the LAN.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from appliance.adapters.host.lan_name import announced
from appliance.config.box import load
from appliance.processes.checkup_network import names_check
from appliance.processes.checkup_parts import local
from appliance.services.doctor import examine


async def look(state: Path, web: dict[str, Any]) -> dict[str, Any]:
    """`probes` and `within_s` of what is asked are ours, the rest is box.toml's."""
    wanted = web.pop("probes", ["network", "names"])
    within_s = web.pop("within_s", None)
    config = load(state)
    config = replace(
        config,
        web=replace(config.web, host="0.0.0.0", **web | {"names": tuple(web["names"])}),
        relay=replace(config.relay, listen_host="0.0.0.0"),
    )
    probes = local(state, config)
    if within_s:
        (found,) = await names_check(config, within_s)
        return {"names": asdict(found)}
    checks = await examine({name: probes[name] for name in wanted})
    return {check.name: asdict(check) for check in checks}


async def main(state: Path, asked: dict[str, dict[str, Any]], announcing: bool) -> None:
    said: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        if announcing:
            await stack.enter_async_context(announced("exambox", 8443, "0.0.0.0"))
        for where, web in asked.items():
            said[where] = await look(state, web)
    print(json.dumps(said), flush=True)
    os._exit(0)  # lookups that nobody answers go on in threads


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2]), "announcing" in sys.argv))
