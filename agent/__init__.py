"""Phone Agent: answers and places telephone calls on a company's own Asterisk."""

import os

__version__ = "0.1.0"

# What happens on a company's telephone stays on the company's machines. onnxruntime (under Piper, faster-whisper and
# the test voice) starts to report to its maker as soon as it is imported, unless it is told before not to; so does the
# model hub's client when it is used. Every process of ours passes here first, and children inherit it.
for _variable in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_variable, "1")
