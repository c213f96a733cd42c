"""A code to scan, read as a phone reads it: from what is drawn, not from what was meant."""

from __future__ import annotations

import re
from urllib.parse import unquote

import cv2
import numpy as np


def scanned(data_uri: str) -> str:
    """What a phone reads: the picture's own squares, drawn large and decoded."""
    svg = unquote(data_uri.split(",", 1)[1])
    size = int(re.search(r"width=.(\d+)", svg).group(1)) // 6  # type: ignore[union-attr]
    picture = np.full((size, size), 255, np.uint8)
    path = re.search(r" d=.([^'\"]+)", svg).group(1)  # type: ignore[union-attr]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmhv])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        elif command == "h":
            picture[int(y), round(x) : round(x + values[0])] = 0
            x += values[0]
    for scale in (4, 6, 8, 10):  # OpenCV does not find every code at every size
        large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
        for reader in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            text, _, _ = reader.detectAndDecode(large)
            if text:
                return str(text)
    raise AssertionError("no phone could read this")
