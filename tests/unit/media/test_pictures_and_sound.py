from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from appliance.adapters.hearing.voice import RATE, WINDOW, VoiceDetector, level_dbfs
from appliance.adapters.media import frames
from appliance.adapters.media.container import TimedPacket
from appliance.adapters.media.frames import Still
from appliance.adapters.media.stills import from_photo, to_jpeg
from appliance.adapters.vision import picture_quality
from appliance.core.errors import BadMedia
from appliance.processes.analysis.thumbnail import ThumbnailChoice


def no_model() -> bytes:
    raise AssertionError("the voice model was opened for sound without any voice")


def tone(dbfs: float, seconds: float = 2.0, hertz: float = 1000.0) -> NDArray[np.float32]:
    at = np.arange(int(seconds * RATE)) / RATE
    wave = 10 ** (dbfs / 20) * np.sqrt(2) * np.sin(2 * np.pi * hertz * at)
    return np.asarray(wave, np.float32)


@pytest.mark.parametrize("dbfs", [-6.0, -40.0, -70.0])
def test_levels_are_relative_to_full_scale(dbfs: float) -> None:
    assert level_dbfs(tone(dbfs)) == pytest.approx(dbfs, abs=0.1)


def test_silence_has_a_level_too() -> None:
    assert level_dbfs(np.zeros(100, np.float32)) == level_dbfs(np.zeros(0, np.float32)) == -100.0


def test_quiet_sound_is_measured_without_asking_for_a_voice() -> None:
    windows = VoiceDetector(no_model).measure(tone(-70.0, seconds=3.2))
    assert [window.voice for window in windows] == [None] * 3
    assert [round(window.at_s, 3) for window in windows] == [0.0, 1.024, 2.048]
    assert sum(window.length_s for window in windows) == pytest.approx(3.072 + 0.0, abs=0.2)


def test_a_short_rest_is_left_out() -> None:
    detector = VoiceDetector(no_model)
    assert detector.measure(np.zeros(WINDOW // 4 - 1, np.float32)) == []
    assert len(detector.measure(np.zeros(WINDOW + WINDOW // 2, np.float32))) == 2


def packets(*moments: float) -> list[TimedPacket]:
    return [TimedPacket(moment, True, None) for moment in moments]


def test_key_frames_serve_when_they_are_near_enough() -> None:
    keys = packets(0.0, 1.0, 2.1, 3.0, 4.1)
    near = frames._nearest(keys, frames.every(5.0, 2.0), 0.6)
    assert [packet.at_s for packet in near] == [0.0, 2.1]
    assert frames._nearest(packets(0.0), frames.every(10.0, 2.0), 0.6) == []
    assert frames._nearest([], [0.0], 0.6) == []


def test_moments() -> None:
    assert frames.every(10.0, 2.0) == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert frames.every(0.1, 2.0) == [0.0]
    assert frames.evenly(6.0, 3) == [1.0, 3.0, 5.0]


def test_quality_tells_dark_flat_and_still_pictures() -> None:
    chance = np.random.default_rng(1)
    lively = chance.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    first = picture_quality.measure(lively, None)
    assert first.change is None
    assert first.brightness == pytest.approx(0.5, abs=0.02)
    again = picture_quality.measure(lively, first.tiny)
    assert again.change == 0.0
    black = picture_quality.measure(np.zeros((720, 1280, 3), np.uint8), first.tiny)
    assert (black.brightness, black.sharpness) == (0.0, 0.0)
    assert black.change is not None
    assert black.change > 0.3
    assert black.tiny.shape == first.tiny.shape


def test_the_thumbnail_is_the_sharpest_of_the_middle() -> None:
    choice = ThumbnailChoice(10.0)
    assert choice.jpeg(100) is None
    for at_s, sharpness, grey in ((0.0, 900.0, 10), (4.0, 50.0, 60), (6.0, 80.0, 120)):
        choice.offer(Still(at_s, np.full((60, 80, 3), grey, np.uint8)), sharpness)
    jpeg = choice.jpeg(40)
    assert jpeg is not None
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.size == (40, 30)
    assert np.asarray(picture).mean() == pytest.approx(120, abs=3)


def test_a_photo_loses_everything_but_its_pixels() -> None:
    sideways = Image.new("RGB", (60, 40), (200, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "a camera's maker"
    photo = io.BytesIO()
    sideways.save(photo, "JPEG", exif=exif, comment=b"a comment")
    picture = from_photo(photo.getvalue())
    assert picture.shape == (60, 40, 3)
    assert picture[30, 20, 2] > 150 > picture[30, 20, 0]  # blue-green-red
    written = to_jpeg(picture)
    assert b"Exif" not in written
    assert b"maker" not in written
    assert b"comment" not in written


@pytest.mark.parametrize("photo", [b"", b"GIF89a", b"\xff\xd8\xff\xe0 cut off", bytes(3_000_000)])
def test_what_is_no_photo_is_refused_in_words(photo: bytes) -> None:
    with pytest.raises(BadMedia) as refusal:
        from_photo(photo)
    assert refusal.value.message.endswith("again.") or "take it again" in refusal.value.message
