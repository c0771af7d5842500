"""The C headers and lkmtools.abi have the same numbers, and NetBSD's; each header stands alone.

Numbers are compared by the compiler itself: an object of _Static_assert lines made from the rows compiles, or
the error names the constant. Ioctl numbers are typed here by hand from the facts, and compared with both.
test_netbsd_layouts.py has the layouts.
"""

from pathlib import Path
from typing import Any

import pytest

from lkmtools.abi import (
    buf,
    conf,
    datamodel,
    device,
    errno,
    evcnt,
    extent,
    fcntl,
    kauth,
    ksyms,
    lkm,
    malloc,
    mount,
    mutex,
    namei,
    poll,
    proc,
    signal,
    stat,
    syscall,
    sysctl,
    syslog,
    time,
    uio,
    unistd,
    uvm,
    vnode,
    vnode_if,
)
from lkmtools.cc import INCLUDE
from lkmtools.machine import PORTS
from support.compiling import Compile
from support.lkmraw import NUMBERS as NUMBERS_OF_LKM

# Header, the module with the same numbers, and what their names begin with.
NUMBERS = [
    ("sys/errno.h", errno, ("E",)),
    ("sys/buf.h", buf, ("B_", "BC_", "BO_")),
    ("sys/device.h", device, ("FSTATE_", "DETACH_", "DV", "QUIET", "UN")),
    ("sys/evcnt.h", evcnt, ("EVCNT_",)),
    ("sys/extent.h", extent, ("EX",)),
    ("uvm/uvm_extern.h", uvm, ("UVM_KMF_",)),
    ("sys/fcntl.h", fcntl, ("O_", "F_DUP", "F_GET", "F_SET", "FREAD", "FWRITE", "FNONBLOCK", "FD_CLOEXEC")),
    ("sys/unistd.h", unistd, ("_PC_", "_POSIX_")),
    ("sys/unistd.h", fcntl, ("SEEK_", "F_OK", "R_OK", "W_OK", "X_OK")),
    ("sys/vnode.h", fcntl, ("IO_",)),
    ("sys/vnode.h", vnode, ("V", "SKIP", "FORCE", "WRITE")),
    ("sys/vnode.h", vnode_if, ("VNODE_OPS",)),
    (
        "sys/namei.h",
        namei,
        (
            "LOOKUP",
            "CREATE",
            "DELETE",
            "RENAME",
            "OPMASK",
            "LOCK",
            "FOLLOW",
            "NO",
            "HASBUF",
            "SAVE",
            "IS",
            "MAKE",
            "MAX",
        ),
    ),
    ("sys/mount.h", mount, ("MFS", "VFS_", "MNT_", "IMNT_")),
    ("sys/stat.h", stat, ("S_I", "ALLPERMS", "DEFFILEMODE")),
    ("sys/dirent.h", stat, ("DT_",)),
    ("sys/syscall.h", syscall, ("SYS_",)),
    ("sys/signal.h", signal, ("SIG", "NSIG")),
    ("sys/syslog.h", syslog, ("LOG_",)),
    ("sys/sysctl.h", sysctl, ("CTL", "KERN_", "HW_", "SYSCTL_")),
    ("sys/poll.h", poll, ("POLL", "INFTIM")),
    ("sys/conf.h", conf, ("D_", "DEV_", "NODEVMAJOR")),
    ("sys/proc.h", proc, ("S", "LS", "LW_", "PK_", "P", "MAXCOMLEN")),
    ("sys/tty.h", proc, ("TT",)),
    ("sys/acct.h", proc, ("A",)),
    ("sys/malloc.h", malloc, ("M_",)),
    ("sys/kmem.h", malloc, ("KM_",)),
    ("sys/lock.h", mutex, ("LK_",)),
    ("sys/callout.h", mutex, ("CALLOUT_",)),
    ("sys/mutex.h", mutex, ("MUTEX_", "IPL_")),
    ("sys/rwlock.h", mutex, ("RW_",)),
    ("sys/time.h", time, ("CLOCK_",)),
    ("sys/kauth.h", kauth, ("KAUTH_",)),
    ("sys/uio.h", uio, ("UIO_",)),
    ("sys/lkm.h", lkm, ("LM_", "LKM_", "LMI", "MAXLKMNAME")),
]
# The kernel's own, in no header: the magic numbers of locks; the free slots.
PRIVATE = {"MUTEX_MAGIC", "RW_MAGIC", "LK_MAGIC", "CALLOUT_MAGIC", "SYS_LKM_FIRST", "SYS_LKM_LAST", "PRIMASK"}


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"{row[0]}-{row[2][0]}")
def test_constants_have_the_same_value_in_c_and_in_python(cc: Compile, row: Any) -> None:
    """Every integer of the row's module is the C constant of the same name."""
    header, module, prefixes = row
    lines = [f"#include <{header}>"]
    for name, value in vars(module).items():
        if name.startswith(prefixes) and name.isupper() | name.startswith("SYS_") and isinstance(value, int):
            lines.append(f'_Static_assert({name} == {value}, "{name}");' if name not in PRIVATE else "")
    assert len(lines) > 1
    assert cc("\n".join(lines)).exists()


@pytest.mark.parametrize("name", NUMBERS_OF_LKM)
def test_ioctl_numbers_are_netbsds(cc: Compile, name: str) -> None:
    """Header, row and the known number are one, for both data models."""
    ilp32, lp64 = NUMBERS_OF_LKM[name]
    row = getattr(lkm, name)
    assert (ilp32, lp64) == (row.code(datamodel.ILP32_I386), row.code(datamodel.LP64))
    for machine, code in (("i386", ilp32), ("amd64", lp64)):
        assert cc(
            f'#include <sys/lkm.h>\n_Static_assert({name} == 0x{code:x}UL, "{name}");', machine
        ).exists()


def test_the_first_reservation_is_the_head_of_the_second() -> None:
    """struct lmc_oresrv, of LMRESERV_O, which <sys/lkm.h> of NetBSD 5.2 does not have."""
    for port in PORTS.values():
        old, new = lkm.lmc_oresrv.layout(port.dm), lkm.lmc_resrv.layout(port.dm)
        assert all(old.offsetof(member) == new.offsetof(member) for member in old.fields)
        assert old.size == new.offsetof("xxx_unused1")


# ksyms: NetBSD's two generations, and FreeBSD's of the same letter.
KSYMS_IOCTLS = {
    "KIOCGSYMBOL": (0x80086C01, 0x80106C01),
    "KIOCGVALUE": (0x80086C02, 0x80106C02),
    "KIOCGSIZE": (0x40046C03, 0x40046C03),
    "KIOCGVALUE_60": (0xC00C6C04, 0xC0106C04),
    "KIOCGSYMBOL_60": (0xC0146C05, 0xC0206C05),
    "KIOCGVALUES": (0xC0146C20, 0xC0206C20),
    "FREEBSD_KIOCGSIZE": (0x40046C01, 0x40086C01),
    "FREEBSD_KIOCGADDR": (0x40046C02, 0x40086C02),
}


@pytest.mark.parametrize("name", KSYMS_IOCTLS)
def test_ksyms_ioctl_numbers(cc: Compile, name: str) -> None:
    """The header's codes and the rows' are the known ones."""
    for machine, dm, code, bits in (
        ("i386", datamodel.ILP32_I386, KSYMS_IOCTLS[name][0], "32"),
        ("amd64", datamodel.LP64, KSYMS_IOCTLS[name][1], "64"),
    ):
        row = getattr(ksyms, name, None) or getattr(ksyms, name.removesuffix("_60") + bits)
        assert code == row.code(dm)
        assert cc(f'#include <sys/ksyms.h>\n_Static_assert({name} == 0x{code:x}UL, "");', machine).exists()


def test_device_numbers_are_made_the_same_way(cc: Compile) -> None:
    """major(), minor() and makedev() of the header and of the row, over the corners of both fields."""
    lines = ["#include <sys/types.h>"]
    for maj, mnr in ((0, 0), (28, 0), (255, 255), (4095, 0xFFFFF), (85, 256), (180, 70000)):
        dev = conf.makedev(maj, mnr)
        lines.append(f'_Static_assert(makedev({maj}, {mnr}) == {dev}ULL, "");')
        lines.append(f'_Static_assert(major({dev}ULL) == {conf.major(dev)}, "");')
        lines.append(f'_Static_assert(minor({dev}ULL) == {conf.minor(dev)}, "");')
        assert (maj, mnr) == (conf.major(dev), conf.minor(dev))
    assert cc("\n".join(lines)).exists()


HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))


def test_every_header_stands_alone_and_can_be_read_twice(cc: Compile, machine: str) -> None:
    """Each header compiles by itself, twice, without a warning."""
    for header in HEADERS:
        text = f"#include <{header}>\n#include <{header}>\n"
        assert cc(text, machine, flags=("-Werror", "-Wsystem-headers")).exists()


def test_all_headers_together(each_cc: Compile, machine: str) -> None:
    """All headers in one source, under every compiler, without a warning."""
    text = "".join(f"#include <{header}>\n" for header in HEADERS)
    assert each_cc(text, machine, flags=("-Werror", "-Wsystem-headers")).exists()


@pytest.mark.parametrize(
    "flags", [("-std=gnu89",), ("-DDIAGNOSTIC",), ("-std=gnu89", "-DDIAGNOSTIC", "-DDEBUG")]
)
def test_all_headers_in_reverse_and_in_older_c(
    each_cc: Compile, machine: str, flags: tuple[str, ...]
) -> None:
    """None needs another to be read before it, C99, or a kernel without checks."""
    text = "".join(f"#include <{header}>\n" for header in reversed(HEADERS))
    assert each_cc(text, machine, flags=("-Werror", "-Wsystem-headers", *flags)).exists()


def test_the_release_is_the_kernels(cc: Compile) -> None:
    """__NetBSD_Version__ is the number the kernel compares."""
    assert lkm.NetBSD_Version == 502000000
    text = '#include <sys/param.h>\n_Static_assert(__NetBSD_Version__ == 502000000, "");'
    assert cc(text).exists()


def test_a_module_may_declare_sys_lkmnosys_itself(cc: Compile) -> None:
    """As the MISC sample of NetBSD's tree does: <sys/systm.h> has no other declaration of it."""
    source = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/lkm.h>
extern int sys_lkmnosys(struct lwp *, void *, register_t *);
int taken(int n);
int taken(int n) { return (void *)sysent[n].sy_call != (void *)sys_lkmnosys; }
"""
    for machine in ("amd64", "i386"):
        assert cc(source, machine).exists()


def test_the_largest_integers_have_their_own_types(cc: Compile, machine: str) -> None:
    """So that the printf letters of a type fit its limits too."""
    assert cc(
        """
        #include <sys/inttypes.h>
        #define SAME(value, type) \\
            _Static_assert(__builtin_types_compatible_p(__typeof__(value), type), #value)
        SAME(INT64_MAX, int64_t); SAME(INT64_MIN, int64_t); SAME(UINT64_MAX, uint64_t);
        SAME(INT32_MAX, int32_t); SAME(UINT32_MAX, uint32_t);
        int printf(const char *, ...) __attribute__((__format__(__printf__, 1, 2)));
        void show(void) { printf("%" PRIo64 "%" PRIi8 "%" PRIXMAX, UINT64_MAX, 1, UINT64_MAX); }
        void shown(intptr_t p) { printf("%" PRIiPTR "%" PRIXPTR, p, (uintptr_t)p); }
        """,
        machine,
        flags=("-Werror=format",),
    ).exists()
