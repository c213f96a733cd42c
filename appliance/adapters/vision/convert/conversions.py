"""Which converter the manifest means by which word."""

from __future__ import annotations

from importlib import import_module

from appliance.core.errors import WrongConfiguration

_MODULES = {
    "yunet": "appliance.adapters.vision.convert.yunet",
    "dlib_resnet": "appliance.adapters.vision.convert.dlib_resnet",
    "tflite": "appliance.adapters.vision.convert.tflite_model",
}


def convert(conversion: str, source: bytes, *, outputs: tuple[str, ...] = ()) -> bytes:
    """Return the ONNX model for `source`; `none` passes a file through that is one already.

    `outputs` names the outputs of formats that have no good names of their own (tflite). Raises
    WrongConfiguration when the manifest names an unknown conversion or the extra is missing, and
    IntegrityFailure when `source` is not what the converter knows.
    """
    if conversion == "none":
        return source
    if conversion not in _MODULES:
        raise WrongConfiguration(f"models/manifest.toml: no conversion is called {conversion}.")
    try:
        module = import_module(_MODULES[conversion])
    except ModuleNotFoundError as error:
        raise WrongConfiguration(
            f"Converting weights needs the Python package {error.name}: install Hallvakt with the "
            "extra `models`, or take the finished files from a bundle with --from.",
            code="extra-missing",
        ) from error
    result: bytes = module.convert(source, outputs) if outputs else module.convert(source)
    return result
