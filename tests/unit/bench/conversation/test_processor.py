from __future__ import annotations

import os
import subprocess
import sys

import psutil

from agent.bench.conversation.processor import Mapped, counted_once, memory_gb, used_s


def test_pages_of_a_file_count_once_and_what_was_written_for_each() -> None:
    held = {
        "ears": [Mapped("/lib/onnx.so", own=10, of_file=100), Mapped("[heap]", own=7, of_file=0)],
        "mouth": [Mapped("/lib/onnx.so", own=20, of_file=130), Mapped("[heap]", own=5, of_file=0)],
        "mind": [Mapped("/model.gguf", own=0, of_file=400)],
    }
    assert counted_once(held) == {"ears": 17, "mouth": 155, "mind": 400}


def test_memory_of_a_real_process_lies_between_its_own_and_all_that_it_maps() -> None:
    process = psutil.Process()
    full = process.memory_full_info()
    found = memory_gb({"me": process})["me"] * 1e9
    assert full.uss * 0.8 < found < process.memory_info().rss * 1.2


def test_a_process_that_has_gone_has_neither_memory_nor_time() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = psutil.Process(child.pid)
    child.communicate(b"\n")
    me = psutil.Process(os.getpid())
    assert set(memory_gb({"gone": gone, "me": me})) == {"me"}
    assert set(used_s({"gone": gone, "me": me})) == {"me"}
