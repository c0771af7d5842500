"""Daemons of protocol 2, which have one socket for everything: the only request sent to them is stop."""

from __future__ import annotations

import os

from lkmtools.client.transport import Transport
from lkmtools.daemon import address
from lkmtools.errors import LkmtoolsError
from lkmtools.proto import STOP, Hello

PROTOCOL = 2


def stop(socket: str | None = None) -> bool:
    """End a daemon of protocol 2; False if the running daemon is another, or none is running."""
    path = address.socket_path(socket)
    control = address.open_socket(address.control_path(path))
    if control is not None:
        control.close()
        return False
    sock = address.open_socket(path)
    if sock is None:
        return False
    transport = Transport(sock)
    try:
        transport.request(Hello(PROTOCOL, os.getpid(), "lkmctl"))
        transport.request(STOP)
        transport.wait_end()
    except LkmtoolsError:
        return False  # it is not what it seemed to be
    finally:
        transport.close()
    return True
