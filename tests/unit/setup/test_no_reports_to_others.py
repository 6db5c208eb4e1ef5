"""No library of ours reports to its maker."""

from __future__ import annotations

import subprocess
import sys

THREADS = "import {modules}, os; print(len(os.listdir('/proc/self/task')))"


def test_importing_us_first_keeps_onnxruntime_from_reporting() -> None:
    environment = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def threads(modules: str) -> int:
        code = THREADS.format(modules=modules)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert threads("agent, onnxruntime") == threads("agent, numpy"), "onnxruntime has started its reporter"
