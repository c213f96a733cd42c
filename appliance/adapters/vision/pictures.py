"""The one shape pictures have in this room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3, blue-green-red, as OpenCV and YuNet want it."""

Points = NDArray[np.float32]
"""n x 2: x to the right and y downwards, in pixels."""
