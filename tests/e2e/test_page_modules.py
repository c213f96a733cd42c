"""The page's pure modules, called in the browser that will run them."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from playwright.async_api import Page

from appliance.core.webm import check_and_strip
from appliance.rehearsal.browser import shown
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom
from tests.e2e.seldom import what_seldom_happens
from tests.e2e.watched_view import a_live_view_is_watched

ON = {"video_snippets": True, "face_photo": True, "live_view": True, "audio_presence": True}
OFF = dict.fromkeys(ON, False)
PAGE = {"cameraOn": True, "portraitSkipped": False, "handingIn": False}
STATUS: dict[str, Any] = {
    "exam_state": "open",
    "attempt_state": "expected",
    "camera": "working",
    "notice": "v",
    "portrait": True,
    "features": ON,
}

# What the box says, what the page knows, the step that follows.
STEPS: list[tuple[dict[str, Any] | None, dict[str, Any], str]] = [
    (None, {}, "join"),
    ({"notice": None, "camera": "unknown"}, {}, "notice"),
    ({"notice": None, "camera": "refused"}, {}, "ready"),
    ({"camera": "unknown"}, {"cameraOn": False}, "devices"),
    ({}, {"cameraOn": False}, "devices"),
    ({"camera": "missing"}, {"cameraOn": False}, "ready"),
    ({"features": OFF, "camera": "unknown"}, {"cameraOn": False}, "ready"),
    ({"portrait": False}, {}, "portrait"),
    ({"portrait": False}, {"portraitSkipped": True}, "ready"),
    ({"portrait": False, "features": {**ON, "face_photo": False}}, {}, "ready"),
    ({}, {}, "ready"),
    ({"attempt_state": "checked_in"}, {}, "waiting"),
    ({"attempt_state": "checked_in", "portrait": False}, {"cameraOn": False}, "waiting"),
    ({"attempt_state": "recording", "exam_state": "live"}, {}, "live"),
    ({"attempt_state": "on_break", "exam_state": "live"}, {}, "live"),
    ({"attempt_state": "recording", "exam_state": "live"}, {"handingIn": True}, "sending"),
    # Never "done" by itself: the last snippet may be on its way from the recorder.
    ({"attempt_state": "recording", "exam_state": "closed"}, {}, "sending"),
    ({"attempt_state": "handed_in", "exam_state": "live"}, {}, "sending"),
    ({"attempt_state": "ended", "exam_state": "live"}, {}, "sending"),
]

# What the box says, its time; whether the time is up, and whether the page hands in.
ENDS: list[tuple[tuple[dict[str, Any], int], tuple[bool, bool]]] = [
    (({}, 99_999), (False, False)),
    (({}, 100_000), (True, False)),
    (({}, 159_999), (True, False)),
    (({}, 160_000), (True, True)),
    (({"ends_ms": None}, 160_000), (False, False)),
    (({"ends_ms": 400_000}, 160_000), (False, False)),  # extra time was granted
    (({"attempt_state": "handed_in"}, 160_000), (False, False)),
    (({"exam_state": "closed"}, 160_000), (False, False)),
    (({"attempt_state": "on_break"}, 160_000), (True, True)),
]

# Pictures made by rule; what the device check says to each after some looks.
HINTS = """
async () => {
  const { PictureHints, WIDTH, HEIGHT } = await import("/static/picture_hints.js");
  const picture = (value) => Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    value(i % WIDTH, Math.floor(i / WIDTH)));
  const texture = (x, y) => ((x * 7 + y * 13) % 11) * 8 + 80;
  const middle = (x, y) => Math.abs(x - WIDTH / 2) < 30 && Math.abs(y - HEIGHT / 2) < 40;
  const somebody = (left) => (n) => picture((x, y) =>
    x > left && x < left + 40 && y > 30 ? texture(x + n, y) : texture(x, y));
  const scenes = {
    "dark": () => picture(() => 20),
    "bright": () => picture(() => 240),
    "backlit": () => picture((x, y) => (middle(x, y) ? 40 : 200)),
    "blurred": () => picture((x, y) => 60 + x),
    "at the edge": somebody(0),
    "in the middle": somebody(60),
    "still": () => picture(texture),
  };
  const said = {};
  for (const [name, scene] of Object.entries(scenes)) {
    const hints = new PictureHints();
    for (let n = 0; n < 6; n += 1) said[name] = hints.judge(scene(n));
  }
  return said;
}
"""

# A box that refuses the first two snippets for good and takes the third: is the browser's
# recording called useless after each?
REFUSED = """
async () => {
  const { Uploader } = await import("/static/uploader.js");
  const left = [1, 2, 3];
  const after = [];
  const spool = {
    get waiting() { return left.length; },
    oldest: async () => ({ sequence: left[0], startedMs: 0, plain: new ArrayBuffer(9) }),
    remove: async () => { left.shift(); },
  };
  const real = window.fetch;
  window.fetch = async (url) => url.endsWith("/3")
    ? new Response('{"acknowledged": 3, "wait_ms": 0}')
    : new Response('{"code": "broken"}', { status: 422 });
  try {
    const uploader = new Uploader(spool);
    await new Promise((resolve) => {
      uploader.addEventListener("changed", () => {
        after[3 - left.length] = uploader.useless;
        if (left.length === 0) resolve();
      });
      uploader.nudge();
    });
  } finally {
    window.fetch = real;
  }
  return after;
}
"""


# A snippet in the making, and a computer that sleeps: two pieces came before, more come after.
# `jump` is what a clock says when it wakes; back comes what was kept, what was drafted, and how
# much of that is whole.
SLEPT = """
async (jump) => {
  const { Recorder } = await import("/static/recorder.js");
  const { whole } = await import("/static/webm_cut.js");
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const context = canvas.getContext("2d");
  const painting = setInterval(() => {
    context.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`;
    context.fillRect(0, 0, 320, 240);
  }, 50);
  const now = Date.now;
  const drafts = [];
  const capture = {
    snippet_seconds: 10, video_bits_per_second: 300000, audio_bits_per_second: 24000,
  };
  let recorder;
  const base64 = async (blob) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(blob);
  });
  try {
    return await new Promise((resolve, reject) => {
      recorder = new Recorder({
        video: canvas.captureStream(15).getVideoTracks()[0], audio: null, capture,
        keep: async (blob) => {
          const drafted = new Blob(drafts);
          const playable = whole(new Uint8Array(await drafted.arrayBuffer()));
          const every = [blob, drafted, new Blob([playable])];
          resolve(await Promise.all(every.map(base64)));
        },
        draft: (startedMs, part, blob) => {
          if (drafts.push(blob) !== 2) return;
          Date.now = () => now() + jump;
          recorder.stop();
        },
        drop: () => reject(new Error("dropped")),
        trouble: reject,
      });
      recorder.start();
    });
  } finally {
    Date.now = now;
    clearInterval(painting);
  }
}
"""

# The room, drawn with what happens in an exam: what a screen reader is told of each, and where the
# keyboard is when the button that had the focus goes.
TOLD = """
async () => {
  const { RoomStep } = await import("/static/room.js");
  const { show } = await import("/static/document.js");
  const shown = document.body.dataset.shown;
  const channel = Object.assign(new EventTarget(), { up: true, send() {} });
  const room = new RoomStep(channel, { handIn() {}, fixCamera() {} });
  const said = document.getElementById("announcer");
  const status = {
    exam_state: "live", attempt_state: "recording", camera: "working", notice: "v", ends_ms: null,
    watchers: 0, hand_raised: false, messages: [], break_started_ms: null,
    features: { video_snippets: true, live_view: true },
  };
  const up = { up: true, waiting: 0, busy: false };
  const usual = {
    step: "live", status, recording: true, sound: false, phone: false, link: up, trouble: null,
    givenUp: 0,
  };
  const now = Date.now;
  let later = 0;
  Date.now = () => now() + later;
  const drawn = (change) => {
    said.textContent = "";
    room.draw({ ...usual, ...change });
    return said.textContent;
  };
  try {
    show("room");
    const told = [drawn({}), drawn({ link: { ...up, up: false } })];
    later = 60_000;
    told.push(drawn({ link: { ...up, up: false } }), drawn({ link: { ...up, up: false } }));
    told.push(drawn({}));
    const paused = { ...status, attempt_state: "on_break", break_started_ms: now() };
    told.push(drawn({ status: paused, recording: false }), drawn({}));
    drawn({ trouble: "camera", recording: false });
    document.getElementById("trouble-fix").focus();
    const before = document.activeElement.id;
    drawn({});
    return { told, focus: [before, document.activeElement.id] };
  } finally {
    Date.now = now;
    show(shown);
  }
}
"""


async def test_steps_clock_and_texts(room: ExamRoom, open_page: OpenPage) -> None:
    page = (await open_page()).page
    await page.goto(room.origin)
    await shown(page, "join")

    cases = [
        (None if said is None else {**STATUS, **said}, {**PAGE, **knows})
        for said, knows, _ in STEPS
    ]
    found = await page.evaluate(
        """async (cases) => {
          const { stepOf } = await import("/static/visit.js");
          return cases.map(([status, page]) => stepOf(status, page));
        }""",
        cases,
    )
    assert found == [step for _, _, step in STEPS]

    live = {**STATUS, "attempt_state": "recording", "exam_state": "live", "ends_ms": 100_000}
    over = await page.evaluate(
        """async ([live, cases]) => {
          const { handInDue, timeIsUp } = await import("/static/visit.js");
          return cases.map(([said, now]) => {
            const status = { ...live, ...said };
            return [timeIsUp(status, now), handInDue(status, now)];
          });
        }""",
        [live, [case for case, _ in ENDS]],
    )
    assert over == [list(expected) for _, expected in ENDS]

    # What was said in the same moment or later counts, and all once the box's clock was set.
    stale = await page.evaluate(
        """async (cases) => {
          const { isStale } = await import("/static/visit.js");
          return cases.map((said) => isStale({ server_ms: said }, { server_ms: 100_000 }));
        }""",
        [100_001, 100_000, 99_999, 70_001, 70_000],
    )
    assert stale == [False, False, True, True, False]

    # The box is 90 s ahead. The second answer took 4 s on the way back and is the worse sample.
    differences = await page.evaluate(
        """async () => {
          const { BoxClock } = await import("/static/clock.js");
          const clock = new BoxClock();
          const before = clock.difference;
          clock.heard(1000, 1020, 91010);
          clock.heard(5000, 9000, 95000);
          const measured = clock.difference;
          clock.forget(); // the computer's clock was set 100 s ahead
          clock.heard(109500, 109600, 99550);
          return [before, measured, clock.difference];
        }"""
    )
    assert differences == pytest.approx([0, 90_000, -10_000])

    assert await page.evaluate(HINTS) == {
        "dark": "dark",
        "bright": "bright",
        "backlit": "backlit",
        "blurred": "blurred",
        "at the edge": "off_centre",
        "in the middle": "good",
        "still": "good",
    }

    assert await page.evaluate(REFUSED) == [False, False, True, False]

    await what_seldom_happens(page)
    await a_live_view_is_watched(page)
    await a_sleep_costs_what_comes_behind_it(page)
    assert await page.evaluate(TOLD) == {
        "told": [
            "",
            "",  # lost for a moment only
            "No connection. Go on working: it costs you nothing, and recordings are sent later",
            "",  # once
            "Connected, everything is sent",
            "On a break: nothing is recorded",
            "Recording",
        ],
        "focus": ["trouble-fix", "room-title"],
    }

    waits = await page.evaluate(
        """async () => {
          const { retryAfter } = await import("/static/api.js");
          return [null, "7", "soon"].map(retryAfter);
        }"""
    )
    assert waits == [None, 7000, None]

    keys = await page.evaluate(
        """async () => {
          const { EN } = await import("/static/texts_en.js");
          const { SV } = await import("/static/texts_sv.js");
          const holes = (t) => (t.match(/\\{\\w+\\}/g) ?? []).sort().join();
          return {
            en: Object.keys(EN).sort(), sv: Object.keys(SV).sort(),
            uneven: Object.keys(EN).filter((k) => holes(EN[k]) !== holes(SV[k] ?? "")),
            same: Object.keys(EN).filter((k) => EN[k] === SV[k]),
          };
        }"""
    )
    assert keys["en"] == keys["sv"]
    assert keys["uneven"] == []
    assert keys["same"] == [], "a sentence that was not translated"


async def a_sleep_costs_what_comes_behind_it(page: Page) -> None:
    """The pieces from before the lid was closed are kept, as after a crash."""
    kept, _, playable = await page.evaluate(SLEPT, 60_000)
    assert kept == playable
    assert check_and_strip(b64decode(kept)).key_frames >= 1
    # A computer that only dozed keeps the rest as well.
    kept, drafted, _ = await page.evaluate(SLEPT, 20_000)
    assert kept == drafted
