"""An exam that is in the cloud, and nothing else of it: the box's state is not needed any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.cli.review_desk import desk
from appliance.config.box import CloudConfig
from appliance.languages import read_languages
from appliance.processes.cloud_ends import CloudEnds, cloud_ends
from appliance.processes.syncer import syncer
from appliance.review.archive import Archive
from appliance.review.desk import Desk
from tests.support.closed_exam import ClosedExam, closed_exam

_LANGUAGES = read_languages()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedExam:
    made: ClosedExam
    ends: CloudEnds

    def desk(
        self,
        receipts: Path,
        key: PrivateKey | None = None,
        *,
        viewer: str = "Anna Granskare",
        ends: CloudEnds | None = None,
    ) -> Desk:
        """As `hallvakt review open` puts it together."""
        return desk(
            ends or self.ends,
            key or self.made.reviewer,
            trusted={self.made.signing_key.public_bytes},
            reviewers=(),
            receipts=receipts,
            viewer=viewer,
            languages=_LANGUAGES,
        )

    def archive(self, key: PrivateKey | None = None, *, pinned: bool = True) -> Archive:
        """As a reviewer's machine opens it; with another key when one is given."""
        return Archive(
            self.ends.objects,
            self.ends.records,
            (key or self.made.reviewer).for_opening(),
            trusted={self.made.signing_key.public_bytes} if pinned else (),
        )


@asynccontextmanager
async def archived_exam(
    state: Path, cloud: CloudConfig, *, snippets: int = 3
) -> AsyncIterator[ArchivedExam]:
    made = await closed_exam(state, cloud, snippets=snippets)
    async with syncer(state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)
    async with cloud_ends(cloud) as ends:
        yield ArchivedExam(made=made, ends=ends)
