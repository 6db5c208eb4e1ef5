"""GNU OpenMP for llama.cpp.

The wheel of xllamacpp expects `libgomp.so.1` from the system, and a bare Debian has none (it comes with a compiler).
The wheel of ctranslate2, which the ears need anyway, carries that very library under another name; a link and a search
path make the loader find it. The loader reads the path only when a process begins, hence the exec.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from platformdirs import user_cache_path

from agent.errors import SetupError

LIBRARY = "libgomp.so.1"

SPIN = {"GOMP_SPINCOUNT": "1000"}
"""For the environment of ears and mind: how long a thread waits busily for the other. By default that is milliseconds,
so whenever something else needs a core, both are wasted: measured on 2 cores beside two busy processes, a prompt of 249
tokens took 8 to 16 s and 9 s of CPU, instead of 3 to 5 s and 3 s. Without any spin, answers are written a fifth slower.
"""
ONE_BLAS = {"OPENBLAS_NUM_THREADS": "1"}
"""For the ears: numpy makes Whisper's features in 2 ms alone; with a second thread, 20 ms whenever a core is busy."""
_PATH = "LD_LIBRARY_PATH"


def provide() -> None:
    """Make sure that the loader finds OpenMP; may replace this process by itself with another search path.

    Raises SetupError if there is none.
    """
    if _loads():
        return
    folder = link(bundled(), user_cache_path("phone-agent") / "lib")
    searched = os.environ.get(_PATH, "").split(os.pathsep)
    if str(folder) in searched:
        raise SetupError(f"{folder / LIBRARY} cannot be loaded; install OpenMP: apt install libgomp1.")
    environment = dict(os.environ) | {_PATH: os.pathsep.join([str(folder), *filter(None, searched)])}
    os.execve(sys.executable, sys.orig_argv, environment)  # noqa: S606 - this very program, with its own arguments


def bundled() -> Path:
    """The library inside ctranslate2's wheel; raises SetupError if it is not there."""
    found = importlib.util.find_spec("ctranslate2")
    base = Path(found.origin).parent.parent if found and found.origin else Path()
    for library in sorted((base / "ctranslate2.libs").glob("libgomp-*.so*")):
        return library
    raise SetupError("The language model needs OpenMP; install it: apt install libgomp1.")


def link(library: Path, folder: Path) -> Path:
    """Put `library` into `folder` under the name that the loader looks for; safe when two processes do it at once."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / LIBRARY
    if not name.is_symlink() or name.readlink() != library:
        draft = folder / f".{LIBRARY}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(library)
        draft.replace(name)
    return folder


def _loads() -> bool:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True
