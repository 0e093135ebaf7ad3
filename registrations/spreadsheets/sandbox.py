"""Restrict a process to reading its input, computing and writing its output.

A seccomp filter (Linux on x86-64 and 64-bit ARM) allows memory, reading and writing of open files, and exit. Every
other system call fails with EPERM: no file can be opened, no socket created, no process started or signalled. The
process and its children cannot remove the filter.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Sequence

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # errno 1 is EPERM
# Offsets in seccomp_data: number of the call, architecture, lower half of the first argument.
_AT_NUMBER_OF_CALL, _AT_NUMBER_OF_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16

# Machine name -> AUDIT_ARCH constant, and the column in the table below.
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# The allowed system calls with their numbers on x86-64 and 64-bit ARM.
_ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
# tgkill, allowed for this process only: abort() sends a signal to itself.
_SIGNALLING = (234, 131)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Restrict this process for the rest of its life; return whether the kernel filter is active.

    Elsewhere (another system, a container that forbids it) the process can at least start no other process, unless it
    runs as root. The caller's resource limits hold in any case.
    """
    if _is_filtered():
        return True
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return False


def _is_filtered() -> bool:
    known = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or sys.maxsize < 2**32 or known is None:
        return False
    architecture, column = known
    allowed = [numbers[column] for numbers in _ALLOWED.values()]
    code = _code(architecture, allowed, _SIGNALLING[column], os.getpid())
    program = _Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None).prctl
    none = ctypes.c_ulong(0)
    if prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none) != 0:
        return False
    filtering = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    return bool(prctl(_PR_SET_SECCOMP, filtering, ctypes.byref(program), none, none) == 0)


def _code(architecture: int, allowed: Sequence[int], signalling: int, own_number: int) -> bytes:
    """Return the filter's instructions."""
    first = 4
    refusal = first + len(allowed) + 3
    instructions = [
        (_LOAD, 0, 0, _AT_NUMBER_OF_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER_OF_CALL),
        # Jumps are relative to the next instruction; the last instruction allows the call.
        *((_JUMP_IF_EQUAL, refusal - at, 0, number) for at, number in enumerate(allowed, first)),
        (_JUMP_IF_EQUAL, 0, 2, signalling),
        (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
        (_JUMP_IF_EQUAL, 1, 0, own_number),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *one) for one in instructions)


if __name__ == "__main__":
    sys.exit(0 if confine() else 1)
