"""Functions that a module may name but not call (abi/unwritten.py): a call panics with the name.

And the variables that are declared beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.mutex import IPL_VM, MUTEX_DEFAULT
from lkmtools.abi.unwritten import PROTOTYPES, prototypes
from lkmtools.kern.base.export import Data, unwritten
from lkmtools.kern.base.queue import tailq_init
from lkmtools.kern.sync.kern_mutex import mutex_init

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel


def _tailq(name: str, kind: str, header: str) -> Data:
    """A TAILQ without entries; the head of a STAILQ is the same."""
    return Data(name, f"struct {kind} {name}", lambda dm: 2 * dm.pointer, tailq_init, header)


def _int(name: str, header: str, value: int = 0) -> Data:
    def init(k: Kernel, addr: int) -> None:
        k.mem.set_u32(addr, value)

    return Data(name, f"int {name}", lambda dm: 4, init if value else None, header)


def _const(name: str, value: Callable[[DataModel], int]) -> Data:
    """A size of mbufs."""

    def init(k: Kernel, addr: int) -> None:
        k.mem.set_u32(addr, value(k.dm))

    return Data(name, f"const int {name}", lambda dm: 4, init, "sys/mbuf.h")


def _tty_lock(k: Kernel, addr: int) -> None:
    mutex_init(k, addr, MUTEX_DEFAULT, IPL_VM)


FUNCTIONS = tuple(unwritten(text, header) for header in PROTOTYPES for text in prototypes(header))
_PROTOCOLS = {1: 17, 2: 6, 3: 255, 4: 1}  # UDP, TCP, raw and ICMP, by their places in inetsw[]


def _inetsw(k: Kernel, addr: int) -> None:
    """The numbers of the protocols, which a module may look for: no packet comes, and none has a function."""
    for place, number in _PROTOCOLS.items():
        k.mem.set_u16(addr + (place * 12 + 2) * k.dm.pointer, number)


def _ip_protox(k: Kernel, addr: int) -> None:
    for place, number in _PROTOCOLS.items():
        k.mem.set_u8(addr + number, place)


DATA = (
    Data("inetsw", "struct protosw inetsw[8]", lambda dm: 8 * 12 * dm.pointer, _inetsw),
    Data("ip_protox", "u_char ip_protox[256]", lambda dm: 256, _ip_protox),
    Data("cn_tab", "struct consdev *cn_tab", lambda dm: dm.pointer, None, "dev/cons.h"),
    _tailq("in_ifaddrhead", "in_ifaddrhead", "netinet/in_var.h"),
    _tailq("ifnet", "ifnet_head", "net/if.h"),
    _int("ifqmaxlen", "net/if.h", 256),
    Data("ifindex2ifnet", "struct ifnet **ifindex2ifnet", lambda dm: dm.pointer, None, "net/if.h"),
    Data("lo0ifp", "struct ifnet *lo0ifp", lambda dm: dm.pointer, None, "net/if.h"),
    Data(
        "etherbroadcastaddr",
        "const uint8_t etherbroadcastaddr[6]",
        lambda dm: 6,
        lambda k, addr: k.mem.write(addr, b"\xff" * 6),
        "net/if_ether.h",
    ),
    _tailq("domains", "domainhead", "sys/domain.h"),
    Data("mbstat", "struct mbstat mbstat", lambda dm: 7 * dm.pointer + 512, None, "sys/mbuf.h"),
    _int("nmbclusters", "sys/mbuf.h", 1024),
    _const("msize", lambda dm: 512 if dm.pointer == 8 else 256),
    _const("mclbytes", lambda dm: 2048),
    _int("max_linkhdr", "sys/mbuf.h", 16),
    _int("max_protohdr", "sys/mbuf.h", 40),
    _int("max_hdr", "sys/mbuf.h", 56),
    _int("max_datalen", "sys/mbuf.h"),
    _tailq("ttylist", "ttylist_head", "sys/tty.h"),
    _int("tty_count", "sys/tty.h"),
    Data("tty_lock", "kmutex_t tty_lock", lambda dm: dm.pointer, _tty_lock, "sys/tty.h"),
    Data(
        "pool_allocator_kmem",
        "struct pool_allocator pool_allocator_kmem",
        lambda dm: 11 * dm.pointer,
        None,
        "sys/pool.h",
    ),
    Data(
        "pool_allocator_nointr",
        "struct pool_allocator pool_allocator_nointr",
        lambda dm: 11 * dm.pointer,
        None,
        "sys/pool.h",
    ),
)
