"""Puts together what erases and holds, for the gateway."""

from __future__ import annotations

from pathlib import Path

from appliance.adapters.store.legal_holds import Holds
from appliance.adapters.store.stores import Stores
from appliance.core.ports import Clock
from appliance.processes.erased_state import belongings, encode
from appliance.services.access import Access
from appliance.services.erasure import BoxSignature, ErasureDesk
from appliance.services.legal_hold import HoldDesk
from appliance.services.names import Names


def erasure_desk(
    state: Path,
    stores: Stores,
    access: Access,
    names: Names,
    signature: BoxSignature,
    clock: Clock,
) -> ErasureDesk:
    return ErasureDesk(
        access=access,
        attempts=stores.attempts,
        belongings=belongings(state, stores),
        holds=Holds(stores.box),
        names=names,
        signature=signature,
        encode=encode,
        clock=clock,
    )


def hold_desk(stores: Stores, access: Access, clock: Clock) -> HoldDesk:
    return HoldDesk(access, Holds(stores.box), clock)
