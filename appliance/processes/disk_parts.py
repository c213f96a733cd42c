"""Puts together who watches the disk under the state directory."""

from __future__ import annotations

import asyncio
import os
from functools import partial

from appliance.adapters.host.storage import write_once
from appliance.processes.foundation import Foundation
from appliance.processes.start_gate_parts import keep_free
from appliance.services.disk_watch import DiskWatch


def disk_watch(on: Foundation) -> DiskWatch:
    disk = os.statvfs(on.state)
    databases = (on.stores.box, on.stores.names, on.stores.log)
    return DiskWatch(
        write=partial(asyncio.to_thread, write_once, on.state),
        failed=lambda: on.blobs.failed or any(database.failed for database in databases),
        blobs=on.blobs,
        keep_free=keep_free(disk.f_blocks * disk.f_frsize),
        clock=on.clock,
        measured=on.measured,
    )
