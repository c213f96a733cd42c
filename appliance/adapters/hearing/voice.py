"""Whether there is a voice in a stretch of sound: presence only, never words, never whose.

Two stages. webrtcvad (a Gaussian mixture on sub-band energies, about 5,000 times real time) is the
gate: it misses little speech but calls loud noise speech. Only where it opens does Silero's network
(about 130 times real time) decide. Samples stay in memory; numbers leave.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import webrtcvad
from numpy.typing import NDArray

from appliance.core.observation import SoundMeasurement

RATE = 16_000
Samples = NDArray[np.float32]  # mono, RATE per second, -1..1

_STEP = 512  # samples Silero takes at a time (32 ms)
_CONTEXT = 64  # samples of the step before that it wants in front
WINDOW = 32 * _STEP  # 1.024 s: a whole number of steps near one second
_LEAST_WINDOW = WINDOW // 4  # a shorter rest at the end is left out
_LEAD_IN = 8 * _STEP  # what Silero hears before a window, to settle its state (256 ms)
_VOICE_AT = 0.5  # Silero's own threshold
# Silero was trained on speech at a usual level. Of synthesised speech at -36 dBFS with keys beside
# it, it called 2 of 15 windows speech as they are and 11 raised to this; of noise, coughs and keys
# none in either. Quiet sound is raised, loud sound is left. How loud voices must be to matter is a
# threshold of the rules (`conversation_dbfs`).
_ASKED_AT_DBFS = -18.0

_GATE_STEP = RATE * 30 // 1000  # webrtcvad takes 10, 20 or 30 ms
_GATE_MODE = 2  # of 0..3; 3 would miss quiet speech for little gain
_GATE_SHARE = 0.1  # of a window's steps that must sound like speech to ask Silero
_SILENT_DBFS = -60.0  # below this nobody near the microphone speaks: not even the gate is asked
_FLOOR_DBFS = -100.0  # digital silence


class VoiceDetector:
    """`load` gives Silero's file; it is called at the first window whose gate opens.

    Keeps nothing between calls.
    """

    def __init__(self, load: Callable[[], bytes]) -> None:
        self._load = load
        self._silero: _Silero | None = None
        self._gate = webrtcvad.Vad(_GATE_MODE)

    def measure(self, samples: Samples) -> list[SoundMeasurement]:
        """One measurement per window of about a second."""
        windows = []
        for start in range(0, len(samples), WINDOW):
            window = samples[start : start + WINDOW]
            if len(window) < _LEAST_WINDOW:
                break
            level = level_dbfs(window)
            voice = None
            if level > _SILENT_DBFS and self._gate_opens(window):
                voice = self._voice_share(samples, start, start + len(window))
            windows.append(
                SoundMeasurement(
                    at_s=start / RATE,
                    length_s=len(window) / RATE,
                    level_dbfs=level,
                    voice=voice,
                )
            )
        return windows

    def _gate_opens(self, window: Samples) -> bool:
        data = (np.clip(window, -1.0, 1.0) * 32767).astype("<i2")
        steps = len(data) // _GATE_STEP
        heard = sum(
            self._gate.is_speech(data[i * _GATE_STEP : (i + 1) * _GATE_STEP].tobytes(), RATE)
            for i in range(steps)
        )
        return bool(heard >= max(1, _GATE_SHARE * steps))

    def _voice_share(self, samples: Samples, start: int, end: int) -> float:
        if self._silero is None:
            self._silero = _Silero(self._load())
        lead_in = min(start, _LEAD_IN)
        asked = samples[start - lead_in : end]
        gain = 10.0 ** ((_ASKED_AT_DBFS - level_dbfs(samples[start:end])) / 20.0)
        if gain > 1.0:
            asked = np.clip(asked * np.float32(gain), -1.0, 1.0)
        scores = self._silero.scores(asked)[lead_in // _STEP :]
        return float(np.mean([score > _VOICE_AT for score in scores])) if scores else 0.0


class _Silero:
    """Silero VAD's ONNX export: 512 samples with 64 of context, recurrent state in and out."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._rate = np.array(RATE, np.int64)

    def scores(self, samples: Samples) -> list[float]:
        """Probability of voice per step of 32 ms; a rest shorter than a step is left out."""
        state = np.zeros((2, 1, 128), np.float32)
        context = np.zeros((1, _CONTEXT), np.float32)
        scores = []
        for start in range(0, len(samples) - _STEP + 1, _STEP):
            step = samples[None, start : start + _STEP]
            probability, state = self._session.run(
                None,
                {
                    "input": np.concatenate([context, step], axis=1),
                    "state": state,
                    "sr": self._rate,
                },
            )
            context = step[:, -_CONTEXT:]
            scores.append(float(probability[0, 0]))
        return scores


def level_dbfs(samples: Samples) -> float:
    """Root mean square relative to full scale, in decibels; -100 for digital silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(_FLOOR_DBFS, 10.0 * float(np.log10(power))) if power > 0.0 else _FLOOR_DBFS
