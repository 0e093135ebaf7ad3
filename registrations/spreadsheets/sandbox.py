"""Takes away from a process whatever it does not need to read its input, reckon and write its output.

The kernel's filter of system calls (seccomp, Linux on x86-64 and 64-bit ARM) lets memory, reading and writing of what
is open, and the end of the process pass. Everything else fails as not permitted: no file is opened, no socket made,
no process started or signalled, whatever descriptors are free. No child and no program can get rid of it again.
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
# Where the kernel's description of a call has its number, its architecture, and the lower half of its first argument.
_AT_NUMBER_OF_CALL, _AT_NUMBER_OF_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16

# What the machine is called here -> the kernel's number of the architecture, and its column in the table below.
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# The system calls that pass, with their numbers on x86-64 and on 64-bit ARM.
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
# Passes with this very process as its target: a process aborts by a signal to itself.
_SIGNALLING = (234, 131)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Confines this process for the rest of its life; says whether the kernel did it.

    Where it does not (another system, a container that forbids it), the process may at least start no other one,
    unless it is root's. The caller's own limits hold all the same.
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
    """The filter's instructions."""
    first = 4
    refusal = first + len(allowed) + 3
    instructions = [
        (_LOAD, 0, 0, _AT_NUMBER_OF_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER_OF_CALL),
        # A jump counts from the instruction after it; the last one lets the call pass.
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
