"""The microphone in the hall, read through PortAudio: sound comes out in memory and nowhere else.

PortAudio counts the devices once per process and its ALSA side can hang when one is pulled out, so
whoever reads it does so in a process that may be replaced (`processes/hall_audio.py`): one that
lost the device ends, and the next one finds it where it is then.

`sounddevice` is imported when the device is opened, not before: only then does PortAudio look at
the machine's sound devices.
"""

from __future__ import annotations

import contextlib
import queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.hearing.voice import RATE, WINDOW, Samples
from appliance.core.errors import Unreachable

_BLOCK_S = 0.1
_MOST_BLOCKS = 80  # 8 s wait at most; what comes on top is lost, not stored
_STALLED_S = 3.0  # no block for so long: the device is gone
_TAPS = 96  # of the filter before sound at a higher rate is thinned out


class HallMicrophone:
    """An open device. Use from one thread. It is closed by the end of the process: asking
    PortAudio to close a device that is gone can take for ever."""

    def __init__(self, device: str) -> None:
        """`device` as the box's configuration names it. Raises Unreachable when there is no such
        microphone, or PortAudio itself is missing."""
        try:
            import sounddevice
        except OSError:
            raise Unreachable(
                "PortAudio is missing: install the package libportaudio2.", code="no-portaudio"
            ) from None
        self._blocks: queue.Queue[NDArray[np.float32]] = queue.Queue(_MOST_BLOCKS)
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        try:
            self._thin, rate = _rate_for(sounddevice, device)
            self._filter = _Thinning(self._thin)
            self._stream = sounddevice.InputStream(
                samplerate=rate,
                channels=1,
                dtype="float32",
                blocksize=round(rate * _BLOCK_S),
                device=device,
                callback=self._take,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise Unreachable(
                f"The hall microphone {device!r} cannot be opened: {error}", code="no-microphone"
            ) from None

    def window(self) -> Samples:
        """The next 1.024 s, mono at 16 kHz. Raises Unreachable when nothing comes any more."""
        pieces, length = [self._rest], len(self._rest)
        while length < WINDOW:
            try:
                block = self._filter.thinned(self._blocks.get(timeout=_STALLED_S))
            except queue.Empty:
                raise Unreachable("The hall microphone fell silent.", code="stalled") from None
            pieces.append(block)
            length += len(block)
        sound = np.concatenate(pieces)
        self._rest = sound[WINDOW:]
        return sound[:WINDOW]

    def _take(self, block: NDArray[np.float32], _frames: int, _time: Any, _status: Any) -> None:
        """On PortAudio's own thread."""
        with contextlib.suppress(queue.Full):
            self._blocks.put_nowait(block[:, 0].copy())


def _rate_for(sounddevice: Any, device: str) -> tuple[int, int]:
    """(how many samples become one, samples per second): 16 kHz where the device has it."""
    for thin in (1, 3, 2):  # 16, 48 and 32 kHz
        try:
            sounddevice.check_input_settings(device=device, channels=1, samplerate=thin * RATE)
        except sounddevice.PortAudioError:
            continue
        return thin, thin * RATE
    return 1, RATE  # opening it will say what is wrong


class _Thinning:
    """Every `thin`-th sample after a low-pass (windowed sinc, cut at 0.9 of the new half rate)."""

    def __init__(self, thin: int) -> None:
        self._thin = thin
        at = np.arange(_TAPS) - (_TAPS - 1) / 2
        taps = np.sinc(at * 0.9 / thin) * np.hamming(_TAPS)
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._before = np.zeros(_TAPS - 1, np.float32)

    def thinned(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """`block` has a length that `thin` divides: a tenth of a second does."""
        if self._thin == 1:
            return block
        whole = np.concatenate([self._before, block])
        self._before = whole[-(_TAPS - 1) :]
        smooth: NDArray[np.float32] = np.convolve(whole, self._taps, "valid")
        return smooth[:: self._thin]
