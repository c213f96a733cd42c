"""Somebody looks live: through the relay, told to the candidate, ended with the view."""

from __future__ import annotations

import asyncio

from appliance.rehearsal.browser import walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings

# Runs before the page's modules: keeps the peers, so that the test can read their statistics.
KEEP_PEERS = """
window.peers = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(configuration) {
    super(configuration);
    window.peers.push({ peer: this, policy: configuration.iceTransportPolicy });
  }
};
"""

PEERS = """
async () => Promise.all(window.peers.map(async ({ peer, policy }) => {
  const local = [];
  (await peer.getStats()).forEach((s) => {
    if (s.type === "local-candidate") local.push(s.candidateType);
  });
  const kinds = peer.getTransceivers().map((t) => t.sender.track?.kind);
  return { policy, local, kinds, state: peer.connectionState };
}))
"""


async def test_a_look_goes_through_the_relay_and_the_candidate_is_told(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False))
    watched = await open_page()
    await watched.page.add_init_script(KEEP_PEERS)
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await watched.until_strip("recording", "true")

    viewer = room.invigilator.live_viewer(room.exam, room.seat("A1").attempt_id)
    watching = asyncio.create_task(viewer.watch())
    await watched.until_strip("watchers", "1")
    assert await watched.says("watched") == "Somebody is looking live now"
    async with asyncio.timeout(60):
        while viewer.tally.frames < 20:
            assert not watching.done(), viewer.tally
            await asyncio.sleep(0.1)
    assert viewer.tally.relayed
    # A slow machine tries another way beside the first, and closes one of them.
    [peer] = [p for p in await watched.page.evaluate(PEERS) if p["state"] != "closed"]
    assert peer["policy"] == "relay"
    assert set(peer["local"]) == {"relay"}
    assert peer["kinds"] == ["video"], "a live view carries no sound"

    await room.to("closed")
    await asyncio.wait_for(watching, 60)
    assert {p["state"] for p in await watched.page.evaluate(PEERS)} == {"closed"}
    assert watched.complaints == []
