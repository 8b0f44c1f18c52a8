"""The kernel refuses to rename a file, to the whole process, from a moment on: what a broken disk, a file that is
mounted by itself (EBUSY) or a security module does, and no permission does to root."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

_CALLS: Final = {"x86_64": (317, (82, 264, 316)), "aarch64": (277, (38, 276))}
"""Of each machine: the number of seccomp, and those of rename, renameat, renameat2."""
_NO_NEW_PRIVILEGES: Final = 38
_SET_FILTER, _ALL_THREADS = 1, 1
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
"""Of the packet filter's machine: load a word, jump if it is equal, return."""
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def renames(error: int) -> None:
    """From now on every rename of this process fails with this errno."""
    seccomp, calls = _CALLS[platform.machine()]
    steps = [(_LOAD, 0, 0, 0)]
    for call in calls:
        steps += [(_EQUALS, 0, 1, call), (_RETURN, 0, 0, _FAIL | error)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    program = _Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
        seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
