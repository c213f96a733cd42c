"""Every step the page has, and every state of it that a candidate can be in: each is shown, read by
axe, enlarged, and reached by keyboard. A step or a control that nobody came by fails the test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Page, Route

from appliance.rehearsal.browser import shown
from tests.e2e.accessibility import check, controls, press_until_focused
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.unpluggable import UNPLUGGABLE
from tests.integration.gateway.contract import check_message
from tests.support.browser import WatchedPage

# Before the page's modules: the camera is missing at first, there are two to choose from, and the
# browser names itself Safe Exam Browser.
STAGE = f"""{UNPLUGGABLE}
window.unplugged = true;
const list = media.enumerateDevices.bind(media);
const cameras = () => (sessionStorage.getItem("usb gone") ? ["built-in"] : ["built-in", "usb"]);
media.enumerateDevices = async () => [
  ...(await list()).filter((d) => d.kind !== "videoinput"),
  ...cameras().map((id) => ({{ kind: "videoinput", deviceId: id, label: id }})),
];
const one = media.getUserMedia;
media.getUserMedia = async (constraints) => {{
  const stream = await one(constraints);
  const ideal = constraints.video.deviceId?.ideal;
  const deviceId = cameras().includes(ideal) ? ideal : "built-in";
  const [track] = stream.getVideoTracks();
  const settings = track.getSettings.bind(track);
  track.getSettings = () => ({{ ...settings(), deviceId }});
  return stream;
}};
navigator.permissions.query = async () => ({{ state: "prompt" }});
Object.defineProperty(navigator, "userAgent", {{ value: navigator.userAgent + " SEB/3.7" }});
"""

FLAGS = {
    "open": True,
    "remark": False,
    "flags": [
        {"at_ms": 1_800_000_000_000, "text": "nobody in view, 12 s", "looked": looked}
        for looked in ("waiting", "confirmed", "dismissed")
    ],
}
REMARK_KEPT = "Your remark is kept. You can send a new one in its place."
STEPS = "[...document.querySelectorAll('[data-step]')].map((e) => e.dataset.step)"
CONTROLS = "[...document.querySelectorAll('button, input, select, textarea, a')].map((e) => e.id)"


@dataclass(slots=True)
class Walk:
    """Who came by where."""

    steps: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    async def at(self, page: Page, step: str, seen: str | None = None) -> None:
        """The page shows `step`, and in it what the selector `seen` names: look at it closely."""
        await shown(page, step)
        if seen:
            await page.wait_for_selector(seen)
        self.steps.add(step)
        await check(page)
        self.used |= await controls(page)


async def press(page: Page, selector: str) -> None:
    """As somebody without a mouse."""
    await press_until_focused(page, selector)
    await page.keyboard.press("Enter")


@pytest.mark.timeout(300)  # twenty states, each at five sizes
async def test_every_step_by_keyboard_and_readable(room: ExamRoom, open_page: OpenPage) -> None:
    shows_flags = settings().replace("[features]", "show_flags_after_hand_in = true\n[features]")
    await room.open(f"{shows_flags}\n[join]\nhall_code = true\n")
    walk = Walk()
    watched = await open_page()
    page = watched.page
    await page.add_init_script(STAGE)
    await from_the_door_to_the_room(walk, room, page)
    await in_the_room(walk, room, watched)
    await another_computer(walk, room, page, (await open_page()).page)
    await to_the_last_word(walk, room, page)
    await without_what_it_needs(walk, room, page)

    every = set(await page.evaluate(STEPS))
    assert walk.steps == every, f"nobody came by: {every - walk.steps}"
    every = {one for one in await page.evaluate(CONTROLS) if one}
    assert every <= walk.used, f"never reached: {every - walk.used}"


async def from_the_door_to_the_room(walk: Walk, room: ExamRoom, page: Page) -> None:
    async def unreachable(route: Route) -> None:
        await route.abort()

    await page.route("**/attempts/me", unreachable)
    await page.goto(room.origin)
    await walk.at(page, "loading", "#loading-why:not(:empty)")
    await page.unroute("**/attempts/me")
    await walk.at(page, "join")
    await press(page, "#join-form button")
    await walk.at(page, "join", "#join-problem:not([hidden])")
    await press_until_focused(page, "#exam-code")
    await page.keyboard.type(room.code)
    await press_until_focused(page, "#seat-code")
    await page.keyboard.type(room.seat_codes["A1"])
    await page.keyboard.press("Enter")
    await walk.at(page, "join", "#hall-code-field:not([hidden])")
    [hall] = (await room.call("GET", f"/exams/{room.exam}/hall-codes"))["codes"]
    await press_until_focused(page, "#hall-code")
    await page.keyboard.type(hall["code"])
    await page.keyboard.press("Enter")

    await walk.at(page, "notice", "#notice-body p")
    assert await page.evaluate("document.activeElement.tagName") in {"H1", "BUTTON"}
    await press(page, "#notice-refuse")
    await walk.at(page, "notice", "#notice-sure:not([hidden])")
    await press(page, "#notice-refuse-back")
    await press(page, "#notice-acknowledge")

    await walk.at(page, "devices")
    other = await page.context.new_page()
    await other.goto(room.origin)
    await walk.at(other, "elsewhere")
    await other.close()
    await press(page, "#devices-on")
    await walk.at(page, "devices", "#devices-problem:not([hidden])")
    await press(page, "#phone-ask")
    await walk.at(page, "devices", "#phone-shown:not([hidden])")
    await page.evaluate("() => { window.unplugged = false; }")
    await press(page, "#devices-on")
    await page.wait_for_function(
        "() => document.getElementById('devices-heard').textContent.includes('hears you')"
    )
    await page.wait_for_function("() => document.getElementById('devices-meter').value > 0")
    await page.wait_for_selector("#devices-light[data-advice]:not(:empty)")
    await walk.at(page, "devices", "#devices-choice:not([hidden])")
    await which_camera_is_remembered(page)
    await press(page, "#devices-good")

    await walk.at(page, "portrait")
    await page.route("**/attempts/me/portrait", judged("no_face"))
    await press(page, "#portrait-take")
    await walk.at(page, "portrait", "#portrait-said p")
    while await page.is_hidden("#portrait-skip"):
        await press(page, "#portrait-take")  # back to the camera, or once more
        await page.wait_for_timeout(200)
    await walk.at(page, "portrait", "#portrait-skip")
    await page.unroute("**/attempts/me/portrait")
    await press(page, "#portrait-skip")
    await walk.at(page, "room")


async def which_camera_is_remembered(page: Page) -> None:
    """Over a reload; another does while it is gone, without a word; and it is taken again after."""

    async def after_a_reload(cameras: int) -> str:
        await page.reload()
        await shown(page, "devices")
        await page.evaluate("() => { window.unplugged = false; }")
        await press(page, "#devices-on")
        await page.wait_for_function(
            "count => document.getElementById('devices-camera').length === count", arg=cameras
        )
        assert await page.is_hidden("#devices-problem")
        assert await page.is_hidden("#devices-choice") == (cameras == 1)
        return await page.input_value("#devices-camera")

    assert await page.input_value("#devices-camera") == "built-in"
    await page.select_option("#devices-camera", "usb")
    await page.wait_for_function(
        "() => document.getElementById('devices-picture').srcObject?.getVideoTracks()[0]"
        ".getSettings().deviceId === 'usb'"
    )
    assert await after_a_reload(2) == "usb"
    await page.evaluate("sessionStorage.setItem('usb gone', 'yes')")
    assert await after_a_reload(1) == "built-in"
    await page.evaluate("sessionStorage.removeItem('usb gone')")
    assert await after_a_reload(2) == "usb"


def judged(hint: str) -> Any:
    async def answer(route: Route) -> None:
        body = {"accepted": False, "hints": [hint], "sentences": ["-"]}
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    return answer


async def in_the_room(walk: Walk, room: ExamRoom, watched: WatchedPage) -> None:
    page = watched.page
    await room.to("live")
    await watched.until_strip("recording", "true")
    await press(page, "#hand")
    await room.until_seat("A1", lambda s: s.hand_raised)
    await room.act("A1", "message", text="Read question two again.")
    await walk.at(page, "room", "#messages:not([hidden])")
    await room.act("A1", "break_start")
    await watched.until_strip("recording", "false")
    await walk.at(page, "room", "#strip-recording")
    await room.act("A1", "break_end")
    await watched.until_strip("recording", "true")
    await page.evaluate("window.unplug()")
    await walk.at(page, "room", "#trouble-fix:not([hidden])")
    await page.evaluate("() => { window.unplugged = false; }")
    await press(page, "#trouble-fix")
    await watched.until_strip("recording", "true")
    await press(page, "#hand-in")
    await walk.at(page, "room", "#hand-in-sure:not([hidden])")
    await press(page, "#hand-in-no")


async def another_computer(walk: Walk, room: ExamRoom, first: Page, second: Page) -> None:
    """It waits with a field for the invigilator's code, gets the seat, and gives it back."""
    await second.goto(room.urls["A1"])
    await shown(second, "join")
    await press(second, "#join-form button")
    await walk.at(second, "join", "#takeover-field:not([hidden])")
    await room.act("A1", "takeover_approve")
    await walk.at(first, "moved", "#moved-again:not([hidden])")
    await press(first, "#moved-again")
    await shown(first, "join")
    made = await room.call(
        "POST", f"/exams/{room.exam}/attempts/{room.seat('A1').attempt_id}/takeover-code"
    )
    await first.goto(f"{room.urls['A1']}&t={made['code']}")
    await first.evaluate("() => { window.unplugged = false; }")
    await shown(first, "join")
    await press(first, "#join-form button")
    await shown(first, "room")


async def to_the_last_word(walk: Walk, room: ExamRoom, page: Page) -> None:
    async def not_now(route: Route) -> None:
        await route.abort()

    check_message("Afterwards", FLAGS)

    async def flags(route: Route) -> None:
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(FLAGS))

    await page.route("**/attempts/me/hand-in", not_now)
    await page.route("**/attempts/me/afterwards*", flags)
    await press(page, "#hand-in")
    await press(page, "#hand-in-yes")
    await walk.at(page, "sending", "#sending-problem:not([hidden])")
    await page.unroute("**/attempts/me/hand-in")
    await walk.at(page, "done", "#flags-list li")
    await press_until_focused(page, "#remark")
    await page.keyboard.type("I dropped my pen.")
    await press(page, "#remark-form button")
    await walk.at(page, "done", f'#remark-said:text-is("{REMARK_KEPT}")')
    await press(page, "#leave")
    await walk.at(page, "left", "#quit:not([hidden])")
    await page.unroute("**/attempts/me/afterwards*")
    await page.reload()
    await shown(page, "join")
    assert not await page.input_value("#seat-code")


async def without_what_it_needs(walk: Walk, room: ExamRoom, page: Page) -> None:
    await page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined });")
    await page.goto(room.origin)
    await walk.at(page, "unsupported", "#unsupported-list li")
