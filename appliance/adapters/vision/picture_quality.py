"""What a picture is like as a picture: no face model is involved."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.pictures import Picture

TINY = (64, 48)  # width, height of the grey copy that `change` compares
_MEASURED_WIDTH = 320  # sharpness depends on scale, so every picture is measured at this width

TinyGrey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """`brightness` 0..1 (mean of luma), `sharpness` >= 0 (variance of the Laplacian of luma at 320
    pixels width), `change` 0..1 (mean absolute difference to the tiny copy before, None without
    one), `tiny` the 64 x 48 grey copy for the next frame."""

    brightness: float
    sharpness: float
    change: float | None
    tiny: TinyGrey


def measure(picture: Picture, before: TinyGrey | None) -> Quality:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    if width > _MEASURED_WIDTH:
        scaled_height = max(1, round(height * _MEASURED_WIDTH / width))
        grey = cv2.resize(grey, (_MEASURED_WIDTH, scaled_height), interpolation=cv2.INTER_AREA)
    tiny = cv2.resize(grey, TINY, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return Quality(
        brightness=float(grey.mean()) / 255.0,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        change=None if before is None else float(cv2.absdiff(tiny, before).mean()) / 255.0,
        tiny=tiny,
    )
