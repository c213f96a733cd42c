"""`hallvakt models bench` and `models evaluate`: how fast and how well this machine looks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from appliance.cli.options import Json
from appliance.cli.output import answer, progress
from appliance.core.settings import Descriptor

# Before numpy is first imported: the figures are those of one core, as a worker has it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"


def bench(
    *,
    descriptor: Descriptor = Descriptor.DLIB,
    minutes: Annotated[float, Parameter(help="Staged video looked at, per person.")] = 3.0,
    json: Json = False,
) -> None:
    """Measure the CPU time of looking at staged video, and the obvious way of doing it beside it.

    One analysed frame in two seconds with all metrics on; sound is costed apart. Needs the
    rehearsal material.
    """
    from appliance.cli.models_speed import measure_speed

    report = measure_speed(descriptor, max(1, round(minutes * 6)), progress)
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in report.stages_ms.items())
    answer(
        report,
        f"{report.candidates_per_core:.0f} candidates per core without sound, "
        f"{report.candidates_per_core_with_sound:.0f} with quiet sound; the obvious way: "
        f"{report.baseline_candidates_per_core:.0f} ({report.ratio:.1f} times).\n"
        f"CPU ms per snippet of 10 s: {stages}.",
        as_json=json,
    )


def evaluate(
    *,
    images: Path,
    pairs: Path,
    descriptor: Descriptor = Descriptor.DLIB,
    json: Json = False,
) -> None:
    """Measure verification and detection on photographs of known persons.

    Parameters
    ----------
    images
        Directory in LFW layout: NAME/NAME_0001.jpg.
    pairs
        Pairs file in LFW's format; its first line gives the number of folds.
    """
    from appliance.cli.models_accuracy import measure_accuracy

    report = measure_accuracy(images, pairs, descriptor, progress)
    answer(
        report,
        f"{report['pairs']} pairs, {descriptor.value}, one picture against one: accuracy "
        f"{report['accuracy']:.2%}, equal error rate {report['eer']:.2%}; accepted at one false "
        f"acceptance in a hundred {report['tar_at_far_1e-2']:.2%}, in a thousand "
        f"{report['tar_at_far_1e-3_listed']:.2%} (of all {report['impostor_pairs']} pairs of "
        f"different persons {report['tar_at_far_1e-3']:.2%}).\n"
        f"{_three_frames(report['three_frames'])}\n"
        "Faces found: "
        + ", ".join(f"{kind} {share:.1%}" for kind, share in report["detection_recall"].items()),
        as_json=json,
    )


def _three_frames(rates: dict[str, Any]) -> str:
    low, high = rates["tar_at_far_1e-3_interval"]
    return (
        f"Mean of three frames, {rates['persons']} persons: accepted at one false acceptance in a "
        f"thousand {rates['tar_at_far_1e-3']:.2%} (95 % interval {low:.2%} to {high:.2%}); at the "
        f"product's threshold {rates['at_half']['tar']:.2%}, false ones "
        f"{rates['at_half']['far']:.3%}."
    )
