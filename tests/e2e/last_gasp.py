"""A library laid before libc's: the process dies in its next answer, with all before it done and no byte said."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.need import need

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The file named by GASP holds the port whose next answer is the last; it is gone when it has struck. */
static void maybe_die(int line) {
    const char *path = getenv("GASP");
    int port = 0;
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return;
    if (fscanf(file, "%d", &port) != 1) port = 0;
    fclose(file);
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    int ours = port && getsockname(line, (struct sockaddr *) &name, &size) == 0 && ntohs(name.sin_port) == port;
    size = sizeof name;
    int theirs = port && getpeername(line, (struct sockaddr *) &name, &size) == 0 && ntohs(name.sin_port) == port;
    if (ours || theirs) {
        unlink(path);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

ssize_t send(int line, const void *data, size_t size, int flags) {
    maybe_die(line);
    ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    return real(line, data, size, flags);
}

ssize_t sendto(int line, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    maybe_die(line);
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
    return real(line, data, size, flags, to, length);
}
"""


class LastGasp:
    """Give `environ` to a process; `arm` it, and it is killed in the moment of its next answer on that port."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("gcc") or shutil.which("cc")
        need(compiler, "no C compiler: apt install gcc libc6-dev")
        source, library = folder / "last_gasp.c", folder / "last_gasp.so"
        source.write_text(_SOURCE, encoding="ascii")
        subprocess.run([str(compiler), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        self._armed = folder / "gasp"
        self.environ = {"LD_PRELOAD": str(library), "GASP": str(self._armed)}

    def arm(self, port: int) -> None:
        """The port is the service's own, or that of the broker it talks to."""
        ready = self._armed.with_suffix(".new")
        ready.write_text(str(port), encoding="ascii")
        os.replace(ready, self._armed)

    def has_struck(self) -> bool:
        return not self._armed.exists()
