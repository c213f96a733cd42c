"""Importing this package switches off what onnxruntime would send to its maker.

Since version 1.29 the published Linux build of onnxruntime reports names and hashes of the models
it loads to a collector on the internet, unless this variable is set before it is first imported.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
