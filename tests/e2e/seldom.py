"""What seldom happens in a hall, called in the page's own modules: a computer whose disk is full,
what another candidate left a day ago, a forbidden or covered camera, an exam closed too soon."""

from __future__ import annotations

from playwright.async_api import Page

from tests.e2e.pressed import what_is_pressed_is_answered

# A browser that grants 100 kB, of which the page takes six tenths. Beside it lie what two others
# left here: one so long ago that nobody can send it any more.
FULL = """
async () => {
  const { Spool, SpoolFull } = await import("/static/spool.js");
  const { DRAFTS, SNIPPETS, asked, forgetEverything, transact } =
    await import("/static/database.js");
  const estimate = StorageManager.prototype.estimate;
  StorageManager.prototype.estimate = async () => ({ quota: 100_000 });
  const left = (attempt, hours) => {
    const startedMs = Date.now() - 3600_000 * hours;
    return transact([SNIPPETS, DRAFTS], "readwrite", (t) => Promise.all([
      asked(t.objectStore(SNIPPETS).put({ attempt, sequence: 1, startedMs, size: 1 })),
      asked(t.objectStore(DRAFTS).put({ attempt, startedMs, part: 0 })),
    ]));
  };
  const attempts = (store) => transact([store], "readonly", async (t) =>
    (await asked(t.objectStore(store).getAll())).map((row) => row.attempt));
  try {
    await left("yesterday's", 25);
    await left("this morning's", 3);
    const spool = await Spool.open("mine", 0);
    const put = (size) => spool.put(new ArrayBuffer(size), Date.now()).catch((error) =>
      error instanceof SpoolFull ? "full" : String(error));
    const numbers = [await put(40_000), await put(40_000), spool.waiting];
    await spool.remove(1);
    numbers.push(await put(40_000), spool.waiting);
    return { numbers, snippets: await attempts(SNIPPETS), drafts: await attempts(DRAFTS) };
  } finally {
    StorageManager.prototype.estimate = estimate;
    await forgetEverything();
  }
}
"""

# Why a camera does not open, one that is covered, and the words for a box that is busy or away.
TROUBLE = """
async () => {
  const { Capture } = await import("/static/capture.js");
  const { whyNot } = await import("/static/camera.js");
  const { linkWords } = await import("/static/strip.js");
  const why = (name) => whyNot(new DOMException("", name));
  const covered = Object.assign(new EventTarget(), { on: true, muted: true });
  return {
    why: ["NotAllowedError", "NotReadableError", "NotFoundError", "NotSupportedError"].map(why),
    muted: new Capture(covered, new EventTarget()).trouble,
    busy: linkWords({ up: true, waiting: 3, busy: true }).sentence,
    down: linkWords({ up: false, waiting: 3, busy: true }).on,
  };
}
"""

# Handed in with three parts still to be sent and one that was given up: the box takes no more.
TOO_LATE = """
async () => {
  const { HandIn } = await import("/static/hand_in.js");
  const { drawDone } = await import("/static/headline.js");
  const uploader = Object.assign(new EventTarget(), {
    problem: null, reached: true, givenUp: 1, nudge() {}, stop() { this.stopped = true; },
  });
  const spool = { waiting: 3, last: 9 };
  const capture = { end: async () => {} };
  const running = new HandIn().run({ capture, spool, uploader, told: true, alone: true });
  await new Promise((resolve) => setTimeout(resolve));
  uploader.dispatchEvent(new Event("too-late"));
  const lost = await running;
  drawDone({ attempt_state: "ended", exam_state: "closed" }, lost);
  return [lost, uploader.stopped, document.getElementById("done-lead").textContent];
}
"""

# The time is over for everybody in one moment; then a candidate who hands in early. For how long is
# nothing sent, and does what is held go after all?
END_OF_ALL = """
async () => {
  const { HandIn } = await import("/static/hand_in.js");
  const { Uploader } = await import("/static/uploader.js");
  const fake = Object.assign(new EventTarget(), {
    held: [], problem: null, reached: true, givenUp: 0, nudge() {}, stop() {},
    hold(ms) { this.held.push(ms); },
  });
  const nothing = { waiting: 0, last: 9 };
  const capture = { end: async () => {} };
  for (const alone of [false, false, false, true])
    await new HandIn().run({ capture, spool: nothing, uploader: fake, told: true, alone });

  const left = [1, 2];
  const spool = {
    get waiting() { return left.length; },
    oldest: async () => ({ sequence: left[0], startedMs: 0, plain: new ArrayBuffer(9) }),
    remove: async () => { left.shift(); },
  };
  const sent = [];
  const real = window.fetch;
  window.fetch = async (url) => {
    sent.push(performance.now());
    return new Response('{"acknowledged": 1, "wait_ms": 0}');
  };
  try {
    const uploader = new Uploader(spool);
    const began = performance.now();
    uploader.hold(400);
    await new Promise((resolve) => {
      uploader.addEventListener("changed", () => left.length || resolve());
      uploader.nudge();
      uploader.hurry();
    });
    return {
      held: fake.held,
      waited: sent[0] - began >= 395, // timers drop fractions of a millisecond
      sent: sent.length,
    };
  } finally {
    window.fetch = real;
  }
}
"""

# Nobody presses "leave": the page does it by itself, tells the box, and shows nothing of anybody.
LEFT_ALONE = """
async () => {
  const { AfterwardsStep } = await import("/static/afterwards.js");
  const [fetch, later] = [window.fetch, window.setTimeout];
  const asked = [];
  const timers = [];
  window.setTimeout = (work, ms) => timers.push({ work, ms });
  window.fetch = async (path, { method }) => {
    asked.push(`${method} ${path.split("?")[0]}`);
    return new Response('{"open": true, "flags": [], "remark": false}');
  };
  try {
    const step = new AfterwardsStep();
    await step.enter();
    document.getElementById("remark").value = "I dropped my pen.";
    const long = timers.filter(({ ms }) => ms >= 600_000);
    await long[0].work();
    return {
      minutes: long.map(({ ms }) => ms / 60_000), asked,
      remark: document.getElementById("remark").value, shown: document.body.dataset.shown,
    };
  } finally {
    Object.assign(window, { fetch, setTimeout: later });
  }
}
"""

# WebKit takes the database away from a page that was out of sight: the next use fails, before the
# transaction begins or inside it. Written is then what was to be written, once.
LOST = """
async () => {
  const { Spool } = await import("/static/spool.js");
  const { SNIPPETS, asked, forgetEverything, readFact, transact, writeFact } =
    await import("/static/database.js");
  const begin = IDBDatabase.prototype.transaction;
  const read = IDBObjectStore.prototype.get;
  const spool = await Spool.open("mine", 0);
  let lost = null;
  IDBDatabase.prototype.transaction = function (...how) {
    if (lost === "next") lost = this;
    if (lost === this) throw new DOMException("", "InvalidStateError");
    return begin.apply(this, how);
  };
  try {
    await writeFact("kept", "before");
    lost = "next";
    const numbers = [await spool.put(new ArrayBuffer(9), 1)];
    lost = "next";
    numbers.push(await spool.put(new ArrayBuffer(9), 2), await readFact("kept"));
    IDBObjectStore.prototype.get = function () {
      IDBObjectStore.prototype.get = read;
      throw new DOMException("", "UnknownError");
    };
    numbers.push(await readFact("kept"));
    const all = await transact([SNIPPETS], "readonly", (t) =>
      asked(t.objectStore(SNIPPETS).getAll()));
    return { numbers, kept: all.map(({ sequence }) => sequence) };
  } finally {
    IDBDatabase.prototype.transaction = begin;
    IDBObjectStore.prototype.get = read;
    await forgetEverything();
  }
}
"""

# On a phone the camera that sees its holder; on a computer with several the one of the last time.
# WebKit interrupts sound for a call that comes in, in a state of its own.
PHONE = """
async () => {
  const { Camera } = await import("/static/camera.js");
  const { SoundMeter } = await import("/static/sound_meter.js");
  const { forgetEverything, writeFact } = await import("/static/database.js");
  const { getUserMedia } = navigator.mediaDevices;
  const { AudioContext } = window;
  const asked = [];
  const canvas = document.createElement("canvas");
  canvas.getContext("2d");
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    asked.push([video.facingMode ?? null, video.deviceId?.ideal ?? null]);
    return canvas.captureStream();
  };
  let resumed = 0;
  window.AudioContext = class {
    state = "interrupted";
    createAnalyser = () => ({ getFloatTimeDomainData() {} });
    createMediaStreamSource = () => ({ connect() {} });
    async resume() {
      resumed += 1;
      this.state = "running";
    }
  };
  const camera = new Camera();
  const open = () =>
    camera.open({ sound: false, size: { width: 320, height: 240 }, framesPerSecond: 5 }).opened;
  try {
    await open();
    await writeFact("camera", "usb");
    await open();
    const meter = new SoundMeter(camera.stream.getVideoTracks()[0]);
    meter.read();
    meter.read();
    return { asked, resumed };
  } finally {
    navigator.mediaDevices.getUserMedia = getUserMedia;
    window.AudioContext = AudioContext;
    camera.close();
    await forgetEverything();
  }
}
"""


async def what_seldom_happens(page: Page) -> None:
    await what_is_pressed_is_answered(page)
    assert await page.evaluate(PHONE) == {
        "asked": [["user", None], [None, "usb"]],
        "resumed": 1,
    }
    assert await page.evaluate(LOST) == {"numbers": [1, 2, "before", "before"], "kept": [1, 2]}
    assert await page.evaluate(FULL) == {
        "numbers": [1, "full", 1, 2, 1],
        "snippets": ["mine", "this morning's"],
        "drafts": ["this morning's"],
    }
    assert await page.evaluate(TROUBLE) == {
        "why": ["not_allowed", "in_use", "not_found", "unsupported"],
        "muted": "muted",
        "busy": "No recordings are taken in just now. They are kept here and sent later",
        "down": False,
    }
    assert await page.evaluate(TOO_LATE) == [
        4,
        True,
        "Recording has ended. Not all could be sent (4 missing). Tell an invigilator.",
    ]
    end = await page.evaluate(END_OF_ALL)
    assert (end["waited"], end["sent"]) == (True, 2)
    assert len(end["held"]) == 3 == len(set(end["held"]))  # alone is not held
    assert all(0 <= ms <= 3_000 for ms in end["held"])
    assert await page.evaluate(LEFT_ALONE) == {
        "minutes": [15],
        "asked": ["GET /api/v1/attempts/me/afterwards", "POST /api/v1/attempts/me/leave"],
        "remark": "",
        "shown": "left",
    }
