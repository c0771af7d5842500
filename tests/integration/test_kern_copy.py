"""copyin, copyout and their string forms, copystr and uiomove, called by compiled C as a system call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.abi.errno import EFAULT, ENAMETOOLONG
from lkmtools.errors import KernelError
from support.lab import Lab

NUMBER = 511
SOURCE = """
#include <sys/uio.h>
char probe_buf[64];
long probe_done;
struct args { register_t op; register_t u; register_t n; register_t more; };

static int
move(struct args *a, enum uio_rw rw, size_t n, int split)
{
    struct iovec iov[3] = { { (void *)a->u, split }, { NULL, 0 }, { (char *)a->u + split, a->n - split } };
    struct uio uio;
    int error;

    uio.uio_iov = iov;
    uio.uio_iovcnt = 3;
    uio.uio_offset = 5;
    uio.uio_resid = a->n;
    uio.uio_rw = rw;
    uio.uio_vmspace = curproc->p_vmspace;
    error = uiomove(probe_buf, n, &uio);
    probe_done = uio.uio_resid * 100 + uio.uio_offset;
    return error;
}

int
probe_sys(struct lwp *l, const void *v, register_t *retval)
{
    struct args *a = (struct args *)v;
    void *bad = (void *)0x2000;
    size_t done = 99;
    int error;

    switch (a->op) {
    case 0: return copyin((void *)a->u, probe_buf, a->n);
    case 1: return copyout(probe_buf, (void *)a->u, a->n);
    case 2: error = copyinstr((void *)a->u, probe_buf, a->n, &done); retval[0] = done; return error;
    case 3: error = copyoutstr(probe_buf, (void *)a->u, a->n, &done); retval[0] = done; return error;
    case 4: return copyinstr((void *)a->u, probe_buf, a->n, NULL);
    case 5: error = copystr("text", probe_buf, a->n, &done); retval[0] = done; return error;
    case 6: error = move(a, UIO_READ, a->more, 3); retval[0] = probe_done; return error;
    case 7: error = move(a, UIO_WRITE, a->more, 3); retval[0] = probe_done; return error;
    case 20: return copyin((void *)a->u, bad, a->n);
    case 21: return copyout(bad, (void *)a->u, a->n);
    case 22: return copyinstr((void *)a->u, bad, a->n, NULL);
    case 23: return copyoutstr(bad, (void *)a->u, a->n, NULL);
    case 24: return copystr(bad, probe_buf, a->n, NULL);
    case 25: return copystr("text", bad, a->n, NULL);
    case 26: return uiomove(probe_buf, 4, bad);
    case 27: return copyinstr((void *)a->u, probe_buf, a->n, bad);
    }
    return 0;
}
"""


@pytest.fixture
def sys(lab: Lab) -> Iterator[Lab]:
    """A lab whose system call 511 is the module's; see call_sys()."""
    lab.load(SOURCE)
    k = lab.k
    slot = (
        k.system_calls.sysent
        + NUMBER * k.system_calls.layout.size
        + k.system_calls.layout.offsetof("sy_call")
    )
    old = k.mem.ptr(slot)
    k.mem.set_ptr(slot, lab.symbols["probe_sys"])
    yield lab
    if not k.dead:
        k.mem.set_ptr(slot, old)


def call_sys(lab: Lab, op: int, user: Any, n: int, more: int = 0) -> tuple[int, int]:
    """(errno, first result) of the module's system call."""
    try:
        return 0, lab.p.syscall(NUMBER, op, user, n, more)[0]
    except KernelError as error:
        return error.errno, 0


def _kernel(sys: Lab, n: int = 8) -> bytes:
    return bytes(sys.k.mem.read(sys.symbols["probe_buf"], n))


def _fill(sys: Lab, data: bytes) -> None:
    sys.k.mem.write(sys.symbols["probe_buf"], data)


def test_copyin_takes_what_the_process_has_and_nothing_else(sys: Lab) -> None:
    """The bytes arrive; one byte too many, or another address, is EFAULT and changes nothing."""
    buffer = sys.p.buffer(b"abcdef")
    assert call_sys(sys, 0, buffer, 6) == (0, 0)
    assert _kernel(sys) == b"abcdef\0\0"
    assert call_sys(sys, 0, buffer, 7)[0] == EFAULT
    assert call_sys(sys, 0, 0x5000, 1)[0] == EFAULT
    assert call_sys(sys, 0, 0, 0) == (0, 0)
    assert _kernel(sys) == b"abcdef\0\0"


def test_copyout_changes_the_callers_buffer_or_nothing(sys: Lab) -> None:
    """As far as it is told; EFAULT otherwise."""
    _fill(sys, b"kernel!!")
    buffer = sys.p.buffer(b"........")
    assert call_sys(sys, 1, buffer, 6) == (0, 0)
    assert bytes(buffer.data) == b"kernel.."
    assert call_sys(sys, 1, buffer, 9)[0] == EFAULT
    assert bytes(buffer.data) == b"kernel.."
    assert call_sys(sys, 1, sys.k.mem.base & 0x7FFFFFFF, 4)[0] == EFAULT


@pytest.mark.parametrize(("op", "words"), [(0, "copyin from"), (1, "copyout to")])
def test_a_kernel_address_where_a_users_is_wanted(sys: Lab, op: int, words: str) -> None:
    """EFAULT, and the reason names what copies within the kernel."""
    addr = sys.symbols["probe_buf"]
    _fill(sys, b"kernel!!")
    with pytest.raises(KernelError) as caught:
        sys.p.syscall(NUMBER, op, addr, 4, 0)
    assert caught.value.errno == EFAULT
    assert f"{words} {addr:#x}, which is a kernel address: memcpy and kcopy" in caught.value.reason
    assert _kernel(sys) == b"kernel!!"


def test_copyinstr_needs_room_for_the_nul(sys: Lab) -> None:
    """It counts the NUL; ENAMETOOLONG without room, EFAULT when the string leaves the process's memory."""
    text = sys.p.buffer(b"name\0")
    assert call_sys(sys, 2, text, 64) == (0, 5)
    assert _kernel(sys, 5) == b"name\0"
    assert call_sys(sys, 2, text, 5) == (0, 5)
    assert call_sys(sys, 4, text, 5) == (0, 0)
    _fill(sys, b"########")
    assert call_sys(sys, 2, text, 4)[0] == ENAMETOOLONG
    assert _kernel(sys, 6) == b"name##"
    assert call_sys(sys, 2, text, 0)[0] == ENAMETOOLONG
    assert call_sys(sys, 2, sys.p.buffer(b"no end"), 64)[0] == EFAULT


def test_copyoutstr_stores_the_string_and_its_nul(sys: Lab) -> None:
    """What fits is stored when it is too long."""
    _fill(sys, b"text\0")
    buffer = sys.p.buffer(b"........")
    assert call_sys(sys, 3, buffer, 8) == (0, 5)
    assert bytes(buffer.data) == b"text\0..."
    other = sys.p.buffer(b"........")
    assert call_sys(sys, 3, other, 3)[0] == ENAMETOOLONG
    assert bytes(other.data) == b"tex....."


@pytest.mark.parametrize(
    ("room", "errno", "stored"), [(9, 0, b"text\0"), (5, 0, b"text\0"), (4, 63, b"text#")]
)
def test_copystr_stays_in_the_kernel(sys: Lab, room: int, errno: int, stored: bytes) -> None:
    """As copyinstr, between two kernel addresses."""
    _fill(sys, b"########")
    assert call_sys(sys, 5, 0, room) == (errno, 0 if errno else 5)
    assert _kernel(sys, 5) == stored


@pytest.mark.parametrize("n", [0, 1, 3, 4, 8, 20])
def test_uiomove_scatters_and_gathers(sys: Lab, n: int) -> None:
    """Over three pieces, one of them empty; resid and offset tell how far it came."""
    moved = min(n, 8)
    _fill(sys, b"01234567")
    buffer = sys.p.buffer(b"........")
    assert call_sys(sys, 6, buffer, 8, n) == (0, (8 - moved) * 100 + 5 + moved)
    assert bytes(buffer.data) == b"01234567"[:moved] + b"." * (8 - moved)
    _fill(sys, b"########")
    assert call_sys(sys, 7, sys.p.buffer(b"abcdefgh"), 8, n) == (0, (8 - moved) * 100 + 5 + moved)
    assert _kernel(sys) == b"abcdefgh"[:moved] + b"#" * (8 - moved)


def test_uiomove_beyond_the_process_is_efault(sys: Lab) -> None:
    """The pieces before are moved."""
    _fill(sys, b"01234567")
    buffer = sys.p.buffer(b"....")
    assert call_sys(sys, 6, buffer, 8, 8)[0] == EFAULT
    assert bytes(buffer.data) == b"012."


BAD = {20: "copyin", 21: "copyout", 22: "copyinstr", 23: "copyoutstr", 24: "copystr", 25: "copystr",
       26: "uiomove", 27: "copyinstr"}  # fmt: skip


@pytest.mark.parametrize("op", BAD)
def test_a_bad_kernel_address_is_a_panic_not_efault(sys: Lab, op: int) -> None:
    """The module confused the two sides: function and caller are named."""
    buffer = sys.p.buffer(b"abc\0")
    panic = sys.panics(lambda: call_sys(sys, op, buffer, 4))
    assert " at 0x20" in panic.reason
    assert "(not a kernel address" in panic.reason
    assert f" in {BAD[op]}() called from probe_sys+0x" in panic.reason
