"""A slow disk: a library laid before libc's that adds time to every fsync and fdatasync, compiled when it is wanted."""

import shutil
import subprocess
from pathlib import Path

EXTRA_MS = 5

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int wait_and(const char *name, int line) {
    struct timespec extra = {0, EXTRA_MS * 1000000L};
    nanosleep(&extra, 0);
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    return real(line);
}

int fsync(int line) { return wait_and("fsync", line); }
int fdatasync(int line) { return wait_and("fdatasync", line); }
"""


def slow_disk(folder: Path, extra_ms: int = EXTRA_MS) -> Path | None:
    """The compiled library, for LD_PRELOAD; None where no C compiler is installed."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text(_SOURCE, encoding="ascii")
    define = f"-DEXTRA_MS={extra_ms}"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", define, "-o", library, source, "-ldl"], check=True)
    return library
