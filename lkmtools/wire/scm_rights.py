"""Descriptors that come with data: SCM_RIGHTS of unix(7)."""

from __future__ import annotations

import _socket
import struct
from collections.abc import Sequence

_FD = struct.Struct("=i")


def room(count: int) -> int:
    """Bytes of ancillary data for at least `count` descriptors; those beyond are lost."""
    return _socket.CMSG_SPACE(count * _FD.size)


def received(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors in what recvmsg() returned. The caller owns them."""
    files = []
    for level, kind, content in ancillary:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            files += [fd for (fd,) in _FD.iter_unpack(content[: len(content) & -_FD.size])]
    return files


def send_files(sock: _socket.socket, data: bytes, files: Sequence[int]) -> int:
    """Send `data` with descriptors, which stay open; how many bytes went. OSError."""
    rights = struct.pack(f"={len(files)}i", *files)
    return sock.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
