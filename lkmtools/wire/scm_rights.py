"""Descriptors that come with data: SCM_RIGHTS of unix(7)."""

from __future__ import annotations

import socket
import struct

_FD = struct.Struct("=i")


def room(count: int) -> int:
    """Bytes of ancillary data for at least `count` descriptors; those beyond are lost."""
    return socket.CMSG_SPACE(count * _FD.size)


def received(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors in what recvmsg() returned. The caller owns them."""
    files = []
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files += [fd for (fd,) in _FD.iter_unpack(content[: len(content) & -_FD.size])]
    return files
