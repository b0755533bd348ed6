"""Takes system calls away from this process, and from all it starts: the network, and ways into other processes.

A filter of Linux' seccomp(2), for anybody who may start a program. What is refused fails with EPERM.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import platform
import socket
import struct

#: Numbers of the calls on each machine, as asm/unistd.h has them.
_NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "ptrace": 101, "pivot_root": 155, "chroot": 161, "settimeofday": 164, "mount": 165,
        "umount2": 166, "reboot": 169, "init_module": 175, "delete_module": 176, "clock_settime": 227,
        "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
        "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
        "finit_module": 313, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "unshare": 97, "kexec_load": 104,
        "init_module": 105, "delete_module": 106, "clock_settime": 112, "ptrace": 117, "reboot": 142,
        "settimeofday": 170, "socket": 198, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241,
        "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
        "finit_module": 273, "bpf": 280, "userfaultfd": 282,
    },
}  # fmt: skip
#: Newer calls have one number everywhere. Through io_uring a process could open what it may not open itself.
_SAME = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "pidfd_getfd": 438,
}  # fmt: skip
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: Calls of x86's other numbering begin here.
_X32 = 0x40000000
#: Sockets that lead to no network; drivers ask the kernel about devices over the second.
_FAMILIES = (socket.AF_UNIX, getattr(socket, "AF_NETLINK", socket.AF_UNIX))

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _DROP_BOUND = 38, 22, 2, 24
_CAPABILITIES_VERSION, _LAST_CAPABILITY = 0x20080522, 63


class NotHere(OSError):
    """This system, or this machine, has no such thing."""


def refuse_privileges() -> None:
    """Have no rights but those of a plain account, and get none by a program that is started; raises `OSError`.

    It is also what the kernel asks of who restricts itself. Root keeps its files, and nothing else that makes it root.
    """
    _prctl(_NO_NEW_PRIVILEGES, 1)
    for capability in range(_LAST_CAPABILITY + 1):
        with contextlib.suppress(OSError):  # there are not so many, and a plain account may not
            _prctl(_DROP_BOUND, capability)
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)):
        raise OSError(ctypes.get_errno(), "the kernel kept the capabilities of this process")


def refuse_system_calls() -> None:
    """Install the filter, for this thread and all threads and processes it will start; raises `OSError`."""
    machine = platform.machine()
    if machine not in _NUMBERS:
        raise NotHere(f"no filter of system calls is known for {machine}")
    program = _program(machine)
    instructions = ctypes.create_string_buffer(program, len(program))
    _prctl(_SECCOMP, _FILTER, ctypes.byref(_Program(len(program) // 8, ctypes.addressof(instructions))))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _program(machine: str) -> bytes:
    """The filter as the kernel takes it: a list of (code, offset if true, offset if false, operand)."""
    numbers = {**_NUMBERS[machine], **_SAME}
    socket_number = numbers.pop("socket")
    refused = [(_EQUAL, number) for number in numbers.values()]
    if machine == "x86_64":
        refused.insert(0, (_AT_LEAST, _X32))
    # Behind the checks: six about sockets, then "allow", then "refuse".
    to_refuse = len(refused) + len(_FAMILIES) + 3
    lines = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_EQUAL, 0, to_refuse + 1, _ARCHITECTURES[machine]),
        (_LOAD, 0, 0, _AT_NUMBER),
    ]
    for position, (code, operand) in enumerate(refused):
        lines.append((code, to_refuse - position - 1, 0, operand))
    allow = len(_FAMILIES) + 1
    lines.append((_EQUAL, 0, allow, socket_number))
    lines.append((_LOAD, 0, 0, _AT_FIRST_ARGUMENT))
    for position, family in enumerate(_FAMILIES):
        last = position == len(_FAMILIES) - 1
        lines.append((_EQUAL, len(_FAMILIES) - position - 1, 1 if last else 0, int(family)))
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _prctl(option: int, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "prctl"):
        raise NotHere("this system has no prctl")
    padded = [*arguments, *([ctypes.c_ulong(0)] * (4 - len(arguments)))]
    if library.prctl(option, *(ctypes.c_ulong(each) if isinstance(each, int) else each for each in padded)):
        number = ctypes.get_errno()
        raise OSError(number, "the kernel refused a restriction of this process")
