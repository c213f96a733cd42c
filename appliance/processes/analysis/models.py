"""The networks, each opened the first time a permitted measurement needs it and never before."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from appliance.adapters.hearing.voice import VoiceDetector
from appliance.adapters.vision.descriptors import (
    DlibDescriptor,
    MobileFaceNetDescriptor,
    Vector,
    parts,
)
from appliance.adapters.vision.faces import FaceDetector
from appliance.adapters.vision.head_pose import FaceMesh
from appliance.adapters.vision.pictures import Picture, Points
from appliance.core.settings import Descriptor


class Models:
    """`load` gives a model file by name, verified; nothing is opened before it is used."""

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self._load = load

    @cached_property
    def faces(self) -> FaceDetector:
        return FaceDetector(self._load("yunet"))

    @cached_property
    def mesh(self) -> FaceMesh:
        return FaceMesh(self._load("facemesh"))

    @cached_property
    def voice(self) -> VoiceDetector:
        return VoiceDetector(lambda: self._load("silero"))

    @cached_property
    def _dlib(self) -> DlibDescriptor:
        return DlibDescriptor(self._load("dlib"))

    @cached_property
    def _mobilefacenet(self) -> MobileFaceNetDescriptor:
        return MobileFaceNetDescriptor(self._load("mobilefacenet"))

    def describe(self, picture: Picture, points: Points, descriptor: Descriptor) -> Vector:
        """The face's vector; with `both`, one after the other."""
        return np.concatenate(
            [self._of(part).describe(picture, points) for part in parts(descriptor)]
        )

    def describe_thoroughly(
        self, picture: Picture, points: Points, descriptor: Descriptor
    ) -> Vector:
        """As `describe`, from several views of one picture: six times the cost, for the portrait
        that everything later is compared with."""
        return np.concatenate(
            [self._of(part).describe_thoroughly(picture, points) for part in parts(descriptor)]
        )

    def _of(self, part: Descriptor) -> DlibDescriptor | MobileFaceNetDescriptor:
        return self._dlib if part is Descriptor.DLIB else self._mobilefacenet
