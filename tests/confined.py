"""
Runs a program under the filter of system calls of one of our units, as systemd would, without systemd:

    python -m tests.confined config/systemd/anling.service PROGRAM [ARGUMENT …]

The sets come from `systemd-analyze syscall-filter`, their numbers from the C library's headers. `SystemCallFilter` is
honoured in the form that our units have (what is allowed, then taken away and given back line by line), and
`MemoryDenyWriteExecute`; the rest of a unit needs systemd itself.
"""

import ctypes
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# linux/prctl.h, linux/seccomp.h, linux/filter.h, asm-generic/mman.h
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, EPERM = 0x7FFF0000, 0x00050001
LOAD, EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
NUMBER_AT, THIRD_AT = 0, 32
WRITE, EXEC = 2, 4


def sets() -> dict[str, list[str]]:
    """Every set of system calls that systemd knows, with its members and the sets in it."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], check=True, capture_output=True, text=True
    )
    found: dict[str, list[str]] = {}
    name = ""
    for line in said.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            found[name] = []
        elif re.match(r"\s+[@a-z]", line) and name:
            found[name].append(line.strip())
    return found


def numbers() -> dict[str, int]:
    """The numbers of system calls on this machine."""
    said = subprocess.run(
        ["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-"], check=True, capture_output=True, text=True, input=""
    )
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)$", said.stdout, re.M)}


def settings(unit: Path, name: str) -> list[str]:
    """The values of a setting, in their order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.M)


def allowed(unit: Path) -> set[str]:
    """The names that a unit allows."""
    known, found = sets(), set[str]()

    def members(word: str) -> set[str]:
        return set().union(*map(members, known[word])) if word.startswith("@") else {word}

    for line in settings(unit, "SystemCallFilter"):
        named = set().union(*map(members, line.removeprefix("~").split()))
        found = found - named if line.startswith("~") else found | named
    return found


def steps(unit: Path) -> Iterator[tuple[int, int, int, int]]:
    """The filter, as the kernel takes it: whatever is not allowed is not permitted, everything else goes on."""
    known, may = numbers(), allowed(unit)
    yield LOAD, 0, 0, NUMBER_AT
    for number in sorted(
        {known[name] for name in known if name not in may} - {known[name] for name in known.keys() & may}
    ):
        yield EQUAL, 0, 1, number
        yield RETURN, 0, 0, EPERM
    if "yes" in settings(unit, "MemoryDenyWriteExecute"):
        for name, bits in (("mmap", WRITE | EXEC), ("mprotect", EXEC), ("pkey_mprotect", EXEC)):
            yield EQUAL, 0, 5, known[name]
            yield LOAD, 0, 0, THIRD_AT
            yield AND, 0, 0, bits
            yield EQUAL, 0, 1, bits
            yield RETURN, 0, 0, EPERM
            yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, ALLOW


def confine(unit: Path) -> None:
    """From now on this process and all that it starts may do no more than the unit allows."""
    program = [struct.pack("=HBBI", *step) for step in steps(unit)]
    filters = ctypes.create_string_buffer(b"".join(program))
    whole = struct.pack("@HP", len(program), ctypes.addressof(filters))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for asked in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, whole, 0, 0)):
        if prctl(*asked):
            raise OSError(ctypes.get_errno(), "the filter was not taken")


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
