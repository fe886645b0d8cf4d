"""
Power cuts: everything a program writes to one folder is recorded below it, and any moment of that can be made again.

A library laid before libc's notes every write, cut, sync, removal and renaming of files in the folder, in order. What a
disk holds after a power cut is what was synced, and of the rest any part: nothing, all, the first writes, some of them,
the last one torn. `Tape.disks` makes such folders. Nothing is assumed of the program but that it writes by libc.
"""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/uio.h>

static int tape = -1;
static char watched[4096];

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
    real_open = (int (*)(const char *, int, ...)) dlsym(RTLD_NEXT, "open");
    real_write = (ssize_t (*)(int, const void *, size_t)) dlsym(RTLD_NEXT, "write");
    const char *folder = getenv("POWER_FOLDER"), *to = getenv("POWER_TAPE");
    if (!folder || !to) return;
    snprintf(watched, sizeof watched, "%s/", folder);
    tape = real_open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int path_of(int line, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", line);
    ssize_t length = readlink(link, into, 4095);
    if (length <= 0) return 0;
    into[length] = 0;
    return strncmp(into, watched, strlen(watched)) == 0;
}

static void note(char kind, const char *path, uint64_t at, const void *data, uint64_t size) {
    if (tape < 0) return;
    uint32_t name = strlen(path);
    size_t whole = 1 + 4 + 8 + 8 + name + size;
    char *record = malloc(whole);
    record[0] = kind;
    memcpy(record + 1, &name, 4); memcpy(record + 5, &at, 8); memcpy(record + 13, &size, 8);
    memcpy(record + 21, path, name);
    if (size) memcpy(record + 21 + name, data, size);
    real_write(tape, record, whole);
    free(record);
}

#define WATCHED(line) char path[4096]; int is = tape >= 0 && path_of(line, path)
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name)

ssize_t write(int line, const void *data, size_t size) {
    if (tape >= 0 && line != tape) {
        WATCHED(line);
        if (is) {
            off_t at = lseek(line, 0, SEEK_CUR);
            if (fcntl(line, F_GETFL) & O_APPEND) at = lseek(line, 0, SEEK_END);
            note('w', path, at, data, size);
        }
    }
    return real_write(line, data, size);
}

ssize_t pwrite64(int line, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    WATCHED(line);
    if (is) note('w', path, at, data, size);
    return real(line, data, size, at);
}
ssize_t pwrite(int line, const void *data, size_t size, off_t at) { return pwrite64(line, data, size, at); }

int ftruncate64(int line, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    WATCHED(line);
    if (is) note('t', path, length, 0, 0);
    return real(line, length);
}
int ftruncate(int line, off_t length) { return ftruncate64(line, length); }

int fsync(int line) {
    REAL(int, "fsync", int);
    WATCHED(line);
    int done = real(line);
    if (is) note('s', path, 0, 0, 0);
    return done;
}
int fdatasync(int line) {
    REAL(int, "fdatasync", int);
    WATCHED(line);
    int done = real(line);
    if (is) note('s', path, 0, 0, 0);
    return done;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (tape >= 0 && strncmp(path, watched, strlen(watched)) == 0) note('u', path, 0, 0, 0);
    return real(path);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (tape >= 0 && strncmp(from, watched, strlen(watched)) == 0) note('r', from, 0, to, strlen(to));
    return real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    if (tape >= 0 && strncmp(from, watched, strlen(watched)) == 0) note('r', from, 0, to, strlen(to));
    return real(a, from, b, to);
}
"""

SECTOR = 512


def recorder(folder: Path) -> Path | None:
    """The library, compiled; None where no C compiler is installed."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "power.c", folder / "power.so"
    source.write_text(_SOURCE, encoding="ascii")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Step:
    """One thing that was done to a file: (w)rite, (t)runcate, (s)ync, (u)nlink, (r)ename."""

    kind: str
    name: str
    at: int
    data: bytes


@dataclass
class Disk:
    """A file as the disk has it, and what it has been told and may not have done yet."""

    synced: bytes = b""
    told: list[Step] = field(default_factory=list)


class Tape:
    """What was recorded in `folder`."""

    def __init__(self, tape: Path, folder: Path) -> None:
        self.steps = list(_steps(tape.read_bytes(), f"{folder}/"))

    def disks(self, into: Path, *, marks: str, draw: random.Random) -> Iterator[tuple[int, int, Path]]:
        """
        Folders as they may be found after a power cut, for each step one, drawn at random: its number, how many bytes
        of the file `marks` had been written by then, and where the folder is. It is overwritten by the next.
        """
        files: dict[str, Disk] = {}
        marked = 0
        for number, step in enumerate(self.steps):
            if step.name == marks:
                marked += len(step.data)
                continue
            _apply(files, step)
            if into.exists():
                shutil.rmtree(into)
            into.mkdir()
            for name, disk in files.items():
                (into / name).write_bytes(_found(disk, draw))
            yield number, marked, into


def _apply(files: dict[str, Disk], step: Step) -> None:
    """Names are taken to change at once and in order, as a journalled directory does."""
    if step.kind == "u":
        files.pop(step.name, None)
    elif step.kind == "r":
        files[Path(step.data.decode()).name] = files.pop(step.name, Disk())
    elif step.kind == "s":
        disk = files.setdefault(step.name, Disk())
        disk.synced, disk.told = _played(disk.synced, disk.told), []
    else:
        files.setdefault(step.name, Disk()).told.append(step)


def _found(disk: Disk, draw: random.Random) -> bytes:
    """What is on the disk: the synced, and of the rest nothing, all, a beginning, some; the last write maybe torn."""
    told = disk.told
    way = draw.choice(["none", "all", "first", "some", "torn"])
    if way == "none" or not told:
        return disk.synced
    if way == "some":
        return _played(disk.synced, [step for step in told if draw.random() < 0.5])
    first = told if way == "all" else told[: draw.randint(0, len(told))]
    if way == "torn" and first and first[-1].kind == "w":
        last = first[-1]
        cut = draw.randrange(0, len(last.data) + 1, SECTOR)
        first = [*first[:-1], Step("w", last.name, last.at, last.data[:cut])]
    return _played(disk.synced, first)


def _played(before: bytes, steps: list[Step]) -> bytes:
    content = bytearray(before)
    for step in steps:
        if step.kind == "t":
            del content[step.at :]
            content.extend(bytes(step.at - len(content)))
        else:
            content.extend(bytes(max(0, step.at - len(content))))
            content[step.at : step.at + len(step.data)] = step.data
    return bytes(content)


def _steps(tape: bytes, folder: str) -> Iterator[Step]:
    at = 0
    while at < len(tape):
        kind = chr(tape[at])
        name_size, offset, size = struct.unpack_from("<IQQ", tape, at + 1)
        at += 21
        path = tape[at : at + name_size].decode()
        data = tape[at + name_size : at + name_size + size]
        at += name_size + size
        name = path.removeprefix(folder)
        # The index of SQLite's log is shared memory, made anew by whoever opens the file first.
        if not name.endswith("-shm"):
            yield Step(kind, name, offset, data)
