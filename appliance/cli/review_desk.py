"""A reviewer's desk, composed: their key, the cloud copy, and where looking is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.host.clock import SystemClock
from appliance.cli.record_pdf import as_pdf
from appliance.config.box import CloudConfig
from appliance.core.languages import Languages
from appliance.processes.cloud_ends import CloudEnds, check_both_ends, cloud_ends
from appliance.review.archive import Archive
from appliance.review.decisions import DecisionBook
from appliance.review.desk import Desk
from appliance.review.receipts import Receipts


@asynccontextmanager
async def located_ends(config: CloudConfig) -> AsyncIterator[CloudEnds]:
    """Where decisions and receipts will go; raise Refused when that is not in the EU/EEA."""
    async with cloud_ends(config) as ends:
        await check_both_ends(ends, config)
        yield ends


def desk(
    ends: CloudEnds,
    key: PrivateKey,
    *,
    trusted: Collection[bytes],
    reviewers: Collection[bytes],
    receipts: Path,
    viewer: str,
    languages: Languages,
    second_needed: bool = True,
) -> Desk:
    """`trusted` are boxes' public keys, `reviewers` those that reviewers sign with; empty: any."""
    opening, signing, clock = key.for_opening(), key.for_deciding(), SystemClock()
    return Desk(
        archive=Archive(ends.objects, ends.records, opening, trusted=trusted),
        records=ends.records,
        decisions=DecisionBook(
            ends.objects,
            ends.records,
            signing,
            reviewer=viewer,
            known=reviewers,
            clock=clock,
        ),
        receipts=Receipts(receipts, signing, opening.recipient_id, clock),
        viewer=viewer,
        second_needed=second_needed,
        pdf=as_pdf,
        languages=languages,
        clock=clock,
    )
