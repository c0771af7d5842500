"""/dev/ksyms as a program inside the kernel sees it: its memory is the machine's, and it forks."""

from __future__ import annotations

import pytest

from lkmtools.abi.module import MOD_UNLOAD
from lkmtools.errors import KernelError
from lkmtools.kern.lkm.ksyms_dev import ksyms_modevent
from support.lab import Lab
from support.programs import Runner

HEAD = """
#include <sys/ksyms.h>
static int fd;
static size_t size;
static unsigned char *addr;
static void opened(void)
{
	fd = open("/dev/ksyms", O_RDONLY);
	ioctl(fd, FREEBSD_KIOCGADDR, &addr);
	ioctl(fd, FREEBSD_KIOCGSIZE, &size);
}
"""


def test_errors_reads_and_ioctls_are_those_a_client_sees(lab_runner: Runner) -> None:
    """EBUSY, EPERM, EFAULT beyond both ends, short reads, ENOTTY; NetBSD's ioctls in both forms."""
    ran = lab_runner.main(
        """
        struct ksyms_gvalue v = { "printf", 0 }; struct ksyms_gsymbol_60 s = { "printf" }; char c[16];
        unsigned long old = 0; struct ksyms_gsymbol o; int n = 0;
        #define TRY(e) do { int r = (errno = 0, (int)(e)); printf("%d/%d ", r, errno); } while (0)
        opened(); o.kg_name = "printf"; o.kg_value = &old;
        TRY(open("/dev/ksyms", O_RDONLY)); TRY(open("/dev/ksyms", O_RDWR)); puts("");
        TRY(pread(fd, c, 1, -1)); TRY(pread(fd, c, 1, size + 1)); TRY(pread(fd, (void *)8, 1, 0)); puts("");
        TRY(pread(fd, c, 16, size)); TRY(pread(fd, c, 16, size - 3)); puts("");
        TRY(lseek(fd, -1, SEEK_SET)); TRY(read(fd, c, 1)); puts("");
        TRY(ioctl(fd, _IO('l', 77), 0)); TRY(ioctl(fd, KIOCGSIZE, (void *)8)); TRY(ioctl(fd, KIOCGSIZE, &n));
        TRY(ioctl(fd, KIOCGVALUE_60, &v)); TRY(ioctl(fd, KIOCGSYMBOL_60, &s)); TRY(ioctl(fd, KIOCGVALUE, &o));
        printf("\\n%d %d %d\\n", n == (int)size, v.kv_value == old, s.kg_esym.st_value == old);
        """,
        before=HEAD,
    )
    assert ran.out.splitlines() == [
        "-1/16 -1/1 ",
        "-1/14 -1/14 -1/14 ",
        "0/0 3/0 ",
        "-1/0 -1/14 ",
        "-1/25 -1/14 0/0 0/0 0/0 0/0 ",
        "1 1 1",
    ]


def test_its_memory_is_the_programs_own(lab_runner: Runner) -> None:
    """It may scribble in it, map it again, unmap it; what it then maps there itself survives the close."""
    ran = lab_runner.main(
        """
        char c; unsigned char *again, *own; opened();
        again = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        addr[0] = 'X'; pread(fd, &c, 1, 0);
        printf("%d %d %d\\n", c, again[0], again != addr);
        munmap(addr, size);
        own = mmap(addr, 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
        own[0] = 42; close(fd);
        printf("%d %d\\n", own[0], again[0]);
        """,
        before=HEAD,
    )
    assert (ran.out, ran.signal) == ("127 127 1\n42 127\n", 0)


def test_close_removes_what_the_program_has_left_of_it(lab_runner: Runner) -> None:
    """Pages are unmapped, others replaced, one by the snapshot itself: the rest goes, and only that."""
    ran = lab_runner.main(
        """
        size_t pages, i; char *own, *again; int fds[2], held = 0;
        opened(); pages = (size + 4095) / 4096;
        #define IS_THERE(p) (write(fds[1], (p), 1) == 1)
        pipe(fds);
        munmap(addr, 4096);
        again = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        munmap(addr + 2 * 4096, 4096);
        own = mmap(addr + 3 * 4096, 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
        munmap(addr + (pages - 1) * 4096, 4096);
        own[0] = 42;
        for (i = 0; i < pages; i++) held += IS_THERE(addr + i * 4096);
        printf("%d %d %d\\n", pages > 4, (int)pages - held, again == (char *)addr);
        close(fd);
        for (i = 0; i < pages; i++) if (IS_THERE(addr + i * 4096)) printf("%d ", (int)i);
        printf("%d %d\\n", own[0], again[0]);
        """,
        before=HEAD,
    )
    assert (ran.out, ran.signal) == ("1 2 1\n0 3 42 127\n", 0)


def test_without_memory_for_the_snapshot_open_is_ENOMEM_and_leaves_nothing_mapped(lab_runner: Runner) -> None:
    """A child has all memory; when it has gone, the snapshot lies where it would have."""
    free = len(lab_runner.k.frames.unused)
    ran = lab_runner.main(
        """
        int go[2], full[2]; char c; size_t room; unsigned char *before; pid_t pid;
        pipe(go); pipe(full);
        if ((pid = fork()) == 0) {
            read(go[0], &c, 1);
            for (room = 64 * 4096; room >= 4096; room /= 64)
                while (mmap(NULL, room, PROT_READ, MAP_ANON | MAP_SHARED, -1, 0) != MAP_FAILED)
                    continue;
            write(full[1], "x", 1); read(go[0], &c, 1); _exit(0);
        }
        opened(); before = addr; close(fd); puts("ready");
        write(go[1], "x", 1); read(full[0], &c, 1);
        fd = open("/dev/ksyms", O_RDONLY);
        printf("%d %d\\n", fd, errno);
        write(go[1], "x", 1); waitpid(pid, NULL, 0);
        opened(); printf("%d %d\\n", addr[0], addr == before);
        """,
        before=HEAD,
    )
    assert (ran.out, ran.reason) == ("ready\n-1 12\n127 1\n", "")
    assert len(lab_runner.k.frames.unused) == free


def test_an_inherited_snapshot_outlives_its_opener_and_belongs_to_who_has_it(
    lab: Lab, lab_runner: Runner
) -> None:
    """The child reads it and may open its own; the driver cannot go, and says whose descriptor it is."""
    refused: list[str] = []

    def unload() -> None:
        with pytest.raises(KernelError) as caught:
            ksyms_modevent(lab.k, MOD_UNLOAD)
        refused.append(caught.value.reason)

    with lab.hook(unload) as number:
        ran = lab_runner.main(
            f"""
            int gone[2], done[2], own; char c; pid_t pid;
            pipe(gone); pipe(done);
            if ((pid = fork()) == 0) {{
                opened();
                if (fork() == 0) {{
                    read(gone[0], &c, 1);
                    pread(fd, &c, 1, 0); own = open("/dev/ksyms", O_RDONLY);
                    printf("%d %d %d %d\\n", c, addr[0], own > 0, (int)getpid());
                    close(own);
                    syscall({number}, 0);
                    close(fd);
                    exit(0);
                }}
                exit(0);
            }}
            waitpid(pid, NULL, 0);
            close(done[1]); write(gone[1], "x", 1); read(done[0], &c, 1);
            """,
            before=HEAD,
        )
    first, address, opened, pid = ran.out.split()
    assert (first, address, opened) == ("127", "127", "1")
    assert refused == [f"/dev/ksyms is open in pid {pid} (prog)"]
    ksyms_modevent(lab.k, MOD_UNLOAD)
