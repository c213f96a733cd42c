"""The page's buttons where what they need is not there at once: a line to the box for the hand, the
camera's picture for the photo. Called in the browser that will run them."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

# The room at a box that hears the hand, and a line that loses what is sent (`deaf`) or what is
# answered (`mute`) before anybody notices. Back comes what was sent, how it stands at the box, how
# often a hand went up there, what the button says after each word, what is read aloud at the end.
HAND = """
async (play) => {
  const { RoomStep } = await import("/static/room.js");
  const before = document.getElementById("hand");
  const hand = before.cloneNode(true); // no other room hears it
  before.replaceWith(hand);
  const said = document.getElementById("announcer");
  const now = Date.now;
  let later = 0;
  Date.now = () => now() + later;
  const box = {
    attempt: "mine", hand_raised: false, hand_presses: 0,
    exam_state: "live", attempt_state: "recording", camera: "working", notice: "v", ends_ms: null,
    watchers: 0, messages: [], break_started_ms: null,
    features: { video_snippets: true, live_view: true },
  };
  const sent = [];
  let [line, rose, status] = ["good", 0, null];
  const channel = Object.assign(new EventTarget(), {
    up: true,
    send({ kind, raised, press }) {
      sent.push(`${kind} ${raised ? "up" : "down"} ${press}`);
      if (line === "deaf" || press <= box.hand_presses) return;
      if (raised && !box.hand_raised) rose += 1;
      Object.assign(box, { hand_raised: raised, hand_presses: press });
    },
  });
  const room = new RoomStep(channel, { handIn() {}, fixCamera() {} });
  const draw = () => {
    if (line === "good") status = { ...box };
    room.draw({
      step: "live", status, recording: true, sound: false, phone: false, trouble: null,
      givenUp: 0, link: { up: true, waiting: 0, busy: false },
    });
  };
  const turn = (up) => {
    channel.up = up;
    channel.dispatchEvent(new Event(up ? "up" : "down"));
  };
  const words = {
    press: () => hand.click(),
    deaf: () => (line = "deaf"),
    mute: () => (line = "mute"),
    later: () => (later += 1_001),
    down: () => turn(false),
    up: () => {
      if (line === "deaf") line = "mute"; // a new one
      turn(true);
    },
    answers: () => (line = "good"),
    lowered: () => (box.hand_raised = false), // by an invigilator
    another: () => Object.assign(box, { attempt: "another's" }),
  };
  try {
    draw();
    said.textContent = "";
    const shows = [];
    for (const word of play.split(" ")) {
      words[word]();
      shows.push(hand.textContent);
      draw();
    }
    shows.push(hand.textContent);
    return { sent, up: box.hand_raised, rose, shows, told: said.textContent };
  } finally {
    Date.now = now;
  }
}
"""
RAISE, LOWER, WAITS = "Raise hand", "Lower hand", "Told as soon as there is a connection"
RAISED = "Your hand is raised. Somebody will come."
# What happens; what is sent, is the hand up at the end, how often it went up.
PLAYS: dict[str, tuple[list[str], bool, int]] = {
    "press": (["hand up 1"], True, 1),
    "press press": (["hand up 1", "hand down 2"], False, 1),
    # No line: told when it is back, once; taken back before, it is not told at all.
    "down press up down up": (["hand up 1"], True, 1),
    "down press press up": ([], False, 0),
    # The line was dying: lost is what was said, or only the answer.
    "deaf press later down up answers": (["hand up 1", "hand up 1"], True, 1),
    "mute press later down up answers": (["hand up 1", "hand up 1"], True, 1),
    "mute press down answers up": (["hand up 1"], True, 1),
    # Lowered meanwhile: by an invigilator who came, or by the next press; it stays down.
    "mute press down lowered up answers": (["hand up 1", "hand up 1"], False, 1),
    "deaf press down press up answers": (["hand up 1", "hand down 2"], False, 0),
    "mute press down press up answers": (["hand up 1", "hand down 2"], False, 1),
    "deaf press down press press up answers": (["hand up 1", "hand up 3"], True, 1),
    # And up once more, by a press of its own.
    "mute press down lowered up answers press": (["hand up 1", "hand up 1", "hand up 2"], True, 2),
    # Whoever sits at this computer next has not pressed it.
    "deaf press down another answers up": (["hand up 1"], False, 0),
}
# What the button says right after each word, and in the end.
SHOWS = {
    "press": ([RAISE, LOWER], RAISED),
    "down press up down up": ([RAISE, WAITS, WAITS, WAITS, LOWER, LOWER], RAISED),
    "down press press up": ([RAISE, WAITS, RAISE, RAISE, RAISE], WAITS),
    "deaf press later down up answers": (
        [RAISE, RAISE, RAISE, WAITS, WAITS, WAITS, LOWER],
        RAISED,
    ),
    "deaf press later": ([RAISE, RAISE, RAISE, WAITS], WAITS),
}

# The photo is asked for before the camera's picture is there, and again; and one that never comes.
PHOTO = """
async () => {
  const { PortraitStep } = await import("/static/portrait.js");
  const { choose, currentLanguage } = await import("/static/texts.js");
  const before = document.getElementById("portrait-take");
  const take = before.cloneNode(true);
  before.replaceWith(take);
  const said = document.getElementById("portrait-said");
  const skip = document.getElementById("portrait-skip");
  const video = document.getElementById("portrait-picture");
  const [fetch, later, language] = [window.fetch, window.setTimeout, currentLanguage()];
  const sent = [];
  let timers = [];
  window.fetch = async (path, { method, body }) => {
    sent.push([method, path.split("?")[0], body.type, body.size > 0]);
    return new Response('{"accepted": true}');
  };
  window.setTimeout = (work, ms, ...given) => timers.push(() => work(...given));
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(0); // gives no picture before it is asked for one
  const taken = Promise.withResolvers();
  const step = new PortraitStep({ stream }, taken.resolve, () => {});
  const shows = [];
  const show = () => shows.push([said.textContent, take.ariaDisabled === "true", !skip.hidden]);
  const settled = () => new Promise((resolve) => later(resolve));
  const patience = async () => {
    for (const work of timers.splice(0)) work();
    await settled();
    show();
  };
  const press = () => {
    take.click();
    show();
  };
  try {
    step.enter();
    press();
    press(); // nothing more happens
    choose("sv");
    step.enter();
    show();
    choose("en");
    await patience();
    press();
    await patience();
    press();
    await patience();
    press();
    const came = new Promise((resolve) => video.addEventListener("loadeddata", resolve));
    context.fillRect(0, 0, 64, 48);
    stream.getVideoTracks()[0].requestFrame();
    await came;
    await settled();
    show();
    press(); // and now it is taken
    await taken.promise;
    return { shows, sent };
  } finally {
    step.leave();
    skip.hidden = true;
    choose(language);
    Object.assign(window, { fetch, setTimeout: later });
  }
}
"""
WAITING = "Waiting for the camera's picture …"
NONE = "The camera gives no picture. Check that its cover is open."
GO_ON = "You can go on. An invigilator then checks who you are at your seat."
# Each: what is said, is the button taking no press, is there a way on without a photo.
SHOWN = [
    [WAITING, True, False],
    [WAITING, True, False],
    ["Väntar på kamerans bild …", True, False],
    [NONE, False, False],
    [WAITING, True, False],
    [NONE, False, False],
    [WAITING, True, False],
    [NONE + GO_ON, False, True],
    [WAITING, True, True],
    ["", False, True],
    ["", True, True],
]


async def what_is_pressed_is_answered(page: Page) -> None:
    done: dict[str, Any] = {play: await page.evaluate(HAND, play) for play in [*PLAYS, *SHOWS]}
    assert {
        play: (done[play]["sent"], done[play]["up"], done[play]["rose"]) for play in PLAYS
    } == PLAYS
    assert {play: (done[play]["shows"], done[play]["told"]) for play in SHOWS} == SHOWS
    assert await page.evaluate(PHOTO) == {
        "shows": SHOWN,
        "sent": [["PUT", "/api/v1/attempts/me/portrait", "image/jpeg", True]],
    }
