"""The page's side of a live view on a clock of its own, with peers that a test drives."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

# The live view's watchdog on a clock of its own: what had come in by when, and is it silent then?
SILENCE: list[tuple[int, int, bool]] = [
    (0, 100, False),  # the first look says nothing
    (0, 6_100, False),
    (0, 6_101, True),  # nothing ever came
    (900, 6_200, False),  # something did
    (900, 12_200, False),
    (950, 12_201, False),
    (950, 18_201, False),
    (950, 18_202, True),
]

# What a box offers, and the ways in their order.
UDP, TCP, TLS = "turn:b:1?transport=udp", "turn:b:1?transport=tcp", "turns:b:2?transport=tcp"
WAYS: list[tuple[list[dict[str, Any]], list[list[str]]]] = [
    ([{"urls": [TLS, TCP, UDP], "username": "u"}], [[UDP], [TCP], [TLS]]),
    ([{"urls": "turn:b:1"}, {"urls": [TLS]}], [["turn:b:1"], [TLS]]),
    ([{"urls": [TLS]}], [[TLS]]),
    ([], []),
]

# A page's live views with peers that a test drives: what the page says to the box, beat by beat.
WATCHED_VIEW = """
async () => {
  const { LiveViews } = await import("/static/live_view.js");
  const real = window.RTCPeerConnection;
  const peers = [];
  const sent = [];
  let now = 0;
  performance.now = () => now;
  window.RTCPeerConnection = class {
    connectionState = "connected";
    bytes = 0;
    constructor({ iceServers }) {
      this.urls = iceServers.flatMap((s) => s.urls);
      peers.push(this);
    }
    async setRemoteDescription() {}
    async createAnswer() { return {}; }
    async setLocalDescription() { this.localDescription = { sdp: `by ${this.urls}` }; }
    addTrack() {}
    getSenders() {
      return [{ getParameters: () => ({ encodings: [] }), setParameters: async () => {} }];
    }
    async getStats() {
      const pair = { bytesReceived: this.bytes, responsesReceived: 0 };
      return new Map([["pair", { type: "candidate-pair", ...pair }]]);
    }
    close() { this.connectionState = "closed"; }
  };
  const channel = Object.assign(new EventTarget(), { send: (message) => sent.push(message.kind) });
  const beat = new EventTarget();
  const camera = { on: true, copy: async () => ({ stop() {} }) };
  const views = new LiveViews(channel, camera, beat, () => true);
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const beats = async (count) => {
    for (let n = 0; n < count; n += 1) {
      now += 100;
      beat.dispatchEvent(new Event("beat"));
      await settled();
    }
  };
  const ice_servers = [{ urls: ["turn:b?transport=udp", "turn:b?transport=tcp", "turns:b"] }];
  const offer = async (view) => {
    peers.length = 0;
    sent.length = 0;
    const detail = { view, sdp: "", ice_servers };
    channel.dispatchEvent(new CustomEvent("live_offer", { detail }));
    await settled();
  };
  // The relay answers the nth peer, or says that it never will.
  const answer = async (n, candidate) => {
    peers[n].onicecandidate({ candidate: { candidate, toJSON: () => ({}) } });
    await settled();
  };
  const asked = () => peers.map((p) => `${p.urls} ${p.connectionState}`);
  const found = {};
  try {
    await offer("open");
    await answer(0, "relay");
    found.open = [asked(), sent.splice(0)];
    for (let n = 0; n < 20; n += 1) {
      peers[0].bytes += 1;
      await beats(10);
    }
    found.heard = [sent.splice(0), views.open];
    await beats(60);
    found.not_yet = [sent.splice(0), views.open];
    await beats(10);
    found.silent = [sent.splice(0), views.open, peers[0].connectionState];

    await offer("slow");
    await beats(1);
    await answer(1, "relay"); // first, and still not taken before UDP has had its time
    found.slow = [asked(), sent.splice(0)];
    await answer(0, "relay");
    found.slow_udp = [asked(), sent.splice(0)];
    views.endAll();

    await offer("refused"); // said at once: what answers next is taken without waiting
    await answer(0, "");
    await answer(1, "relay");
    found.refused = [asked(), sent.splice(0)];
    views.endAll();

    await offer("known by now"); // TCP is asked at once
    await answer(1, "relay");
    found.known = [asked(), sent.splice(0)];
    await beats(1);
    found.known_later = [asked(), sent.splice(0)];
    views.endAll();

    await offer("nothing but TLS");
    await beats(1);
    await answer(2, "relay");
    found.behind_two = sent.splice(0);
    await beats(1);
    found.tls = [asked(), sent.splice(0)];
    views.endAll();

    await offer("ended before it was answered");
    views.endAll();
    await settled();
    found.ended = [asked(), sent.splice(0)];

    await offer("nothing at all");
    for (const n of [0, 1, 2]) await answer(n, "");
    found.nothing = [asked(), sent.splice(0), views.open];
  } finally {
    window.RTCPeerConnection = real;
    delete performance.now;
  }
  return found;
}
"""


async def a_live_view_is_watched(page: Page) -> None:
    """UDP with a head start, the others beside it; silence ends it after six seconds of beats, and
    no sooner."""
    silent = await page.evaluate(
        """async (told) => {
          const { Silence } = await import("/static/live_watch.js");
          const silence = new Silence();
          return told.map(([received, now]) => silence.tell(received, now));
        }""",
        SILENCE,
    )
    assert silent == [expected for _, _, expected in SILENCE]
    ways = await page.evaluate(
        """async (offers) => {
          const { relayWays } = await import("/static/live_ways.js");
          return offers.map((offer) => relayWays(offer).map((way) => way.flatMap((s) => s.urls)));
        }""",
        [offered for offered, _ in WAYS],
    )
    assert ways == [expected for _, expected in WAYS]
    udp, tcp, tls = "turn:b?transport=udp", "turn:b?transport=tcp", "turns:b"
    answered = ["live_answer", "live_ice_candidate"]
    on, off = "connected", "closed"
    assert await page.evaluate(WATCHED_VIEW) == {
        "open": [[f"{udp} {on}"], answered],
        "heard": [[], 1],
        "not_yet": [[], 1],
        "silent": [["live_failed"], 0, off],
        "slow": [[f"{udp} {on}", f"{tcp} {on}"], []],
        "slow_udp": [[f"{udp} {on}", f"{tcp} {off}"], answered],
        "refused": [[f"{udp} {off}", f"{tcp} {on}"], answered],
        "known": [[f"{udp} {on}", f"{tcp} {on}"], []],
        "known_later": [[f"{udp} {off}", f"{tcp} {on}"], answered],
        "behind_two": [],
        "tls": [[f"{udp} {off}", f"{tcp} {off}", f"{tls} {on}"], answered],
        "ended": [[f"{udp} {off}", f"{tcp} {off}", f"{tls} {off}"], []],
        "nothing": [[f"{udp} {off}", f"{tcp} {off}", f"{tls} {off}"], ["live_failed"], 0],
    }
