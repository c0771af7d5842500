"""COMPAT modules: emulations with tables, handlers, hooks, signal frames and files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL
from lkmtools.kern.status import processes
from support.emulations import EXAMPLES, Running, WaitStatus, load_toys, run, toy_image
from support.errors import failure
from support.lab import Lab

FORMAT = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/exec_elf.h>
#include <sys/lkm.h>
static struct execsw row = { .es_hdrsz = sizeof(Elf_Ehdr), .es_makecmds = @MAKE@, .es_prio = 2 };
MOD_EXEC("otherelf", -1, &row, "other");
int otherelf_lkmentry(struct lkm_table *, int, int);
int otherelf_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
PROGRAM = r"""
static long call(long n, long a, long b, long c)
{
	long r;
#ifdef __LP64__
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
#endif
	return r;
}
static void say(const char *s) { long n = 0; while (s[n]) n++; call(0x102, 1, (long)s, n); }
static volatile long got;
static volatile double junk = 3;
#ifdef __LP64__
void handler(long signo) { got = signo; junk = junk * 1.5; }
#else
void handler(void) { long s; __asm__ volatile("movl %%ebx, %0" : "=r"(s)); got = s;
	junk = junk * 1.5; }
#endif
int main(void) { @BODY@ call(0x101, 5, 0, 0); return 0; }
"""


def load_other(lab: Lab) -> None:
    """The emulation and, in a module of its own, the format."""
    lab.load(Path(__file__).with_name("other_emul.c"), name="other")
    make = f"exec_elf{8 * lab.k.dm.pointer}_makecmds"
    lab.load(FORMAT.replace("@MAKE@", make), name="otherelf", whole=True)


def other_image(lab: Lab, body: str) -> bytes:
    """A program of the emulation: what is natively one with its note overwritten."""
    image: bytes = lab.cc.program(PROGRAM.replace("@BODY@", body), lab.machine).read_bytes()
    return image.replace(b"NetBSD\0", b"OtherO\0", 1)


def test_an_emulation_may_not_go_before_its_format(lab: Lab) -> None:
    """EBUSY with the name of the module that needs it; then in the right order all is as at boot."""
    load_toys(lab)
    error = failure(lambda: modules.unload(lab.p, "toy"))
    assert (error.errno, error.reason) == (
        EBUSY, "the execution format of 'toyexec' uses the emulation of 'toy'",
    )  # fmt: skip
    modules.unload(lab.p, "toyexec")
    modules.unload(lab.p, "toy")
    assert lab.tables() == lab.boot_tables


def test_an_emulation_stays_while_a_process_runs_under_it(lab: Lab, tmp_path: Path) -> None:
    """Also after fork, and until the last one has ended; hooks saw every process come and go."""
    load_toys(lab)
    body = r"""
    #include <unistd.h>
    int main(void) { long n = syscall(7); syscall(5); syscall(7);
        syscall(8, 1000000); return 0; }
    """
    running = Running(lab, toy_image(lab, body, tmp_path))
    count = lab.symbols["toy_processes"]
    assert lab.k.mem.i32(count) == 2
    assert sorted(row["emul"] for row in processes(lab.k)) == ["netbsd"] * 4 + ["toy"] * 2
    error = failure(lambda: modules.unload(lab.p, "toy"))
    assert (error.errno, "runs under emulation 'toy'" in error.reason) == (EBUSY, True)
    assert running.kill().status == 9
    assert lab.k.mem.i32(count) == 0
    modules.unload(lab.p, "toyexec")
    modules.unload(lab.p, "toy")
    assert lab.tables() == lab.boot_tables


def test_files_are_looked_for_below_e_path_first(lab: Lab, tmp_path: Path) -> None:
    """/etc/motd of a toy program is /emul/toy/etc/motd when that exists."""
    load_toys(lab)
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    for path in ("/emul", "/emul/toy"):
        lab.p.mkdir(path)
    lab.p.mount("memfs", "/emul/toy")
    lab.p.mkdir("/emul/toy/etc")
    fd = lab.p.open("/emul/toy/etc/motd", 0x0201, 0o644)
    lab.p.write(fd, b"toys are fun\n")
    lab.p.close(fd)
    image = toy_image(lab, EXAMPLES / "toyexec/prog.c", tmp_path)
    assert run(lab, image).out.splitlines()[-1] == "toys are fun"
    lab.p.unmount("/emul/toy")
    assert run(lab, image).out.splitlines()[-1] == "no /etc/motd: error 1002"


def test_a_handler_of_its_own_gets_the_registers(lab: Lab) -> None:
    """Calls, negative errnos, preserved registers, fork without a second result."""
    load_other(lab)
    body = r"""
    say(call(0x999, 0, 0, 0) == -78 ? "nosys " : "? ");
    say(call(0x102, 99, 0, 0) == -9 ? "badf " : "? ");
    say(call(0x108, 0, 0, 0) > 1 ? "pid " : "? ");
#ifdef __LP64__
    { long r, d;
      __asm__ volatile("syscall" : "=a"(r), "=d"(d) : "a"(0x103L), "d"(0x1234L) : "rcx", "r11", "memory");
#else
    { long r, d;
      __asm__ volatile("int $0x80" : "=a"(r), "=d"(d) : "a"(0x103L), "d"(0x1234L) : "memory");
#endif
    if (r == 0) { say(d == 0x1234 ? "child " : "? "); call(0x101, 0, 0, 0); }
    call(0x104, 5, 0, 0);
    say(r > 0 && d == 0x1234 ? "parent\n" : "?\n"); }
    """
    assert run(lab, other_image(lab, body)) == WaitStatus(5 << 8, "nosys badf pid child parent\n", 0, "")
    modules.unload(lab.p, "otherelf")
    modules.unload(lab.p, "other")
    assert lab.tables() == lab.boot_tables


def test_signal_frames_and_trampoline_are_the_emulations(lab: Lab) -> None:
    """The handler is called as e_sendsig says, e_sigcode returns, floating-point registers survive."""
    load_other(lab)
    body = r"""
    double d = 1.25; long pid = call(0x108, 0, 0, 0);
    call(0x105, 15, (long)handler, 0);
    __asm__ volatile("" : "+x"(d));
    call(0x106, pid, 15, 0);
    say(got == 115 ? "handled " : "? ");
    say(d * 4 == 5 && junk == 4.5 ? "fp\n" : "?\n");
    """
    if lab.machine == "i386":
        body = body.replace('__asm__ volatile("" : "+x"(d));', '__asm__ volatile("" : "+t"(d));')
    assert run(lab, other_image(lab, body)) == WaitStatus(5 << 8, "handled fp\n", 0, "")


def test_a_handler_on_no_stack_ends_the_program(lab: Lab) -> None:
    """sigexit() from the module's e_sendsig."""
    load_other(lab)
    body = 'long p = call(0x108, 0, 0, 0); call(0x105, 15, (long)handler, 0); __asm__ volatile("'
    if lab.machine == "amd64":
        body += 'movl $64, %%esp\\n movl $0x106, %%eax\\n movl $15, %%esi\\n syscall" : : "D"(p));'
    else:
        body += 'movl $64, %%esp\\n movl $0x106, %%eax\\n movl $15, %%ecx\\n int $0x80" : : "b"(p));'
    assert run(lab, other_image(lab, body)).status == 4


@pytest.mark.parametrize(
    ("emul", "errno", "why"),
    [
        ('.e_name = "netbsd", .e_syscall_intern = in', EEXIST, "'netbsd' already exists"),
        ('.e_name = "bad"', EINVAL, "neither e_syscall_intern nor e_sysent"),
    ],
)
def test_an_emulation_that_makes_no_sense_is_refused(lab: Lab, emul: str, errno: int, why: str) -> None:
    """The list stays as it was."""
    error = failure(lambda: lab.load(bad_module(emul), name="bad", whole=True))
    assert (error.errno, why in error.reason) == (errno, True)
    assert lab.tables() == lab.boot_tables


def bad_module(emul: str) -> str:
    """A COMPAT module "bad" whose struct emul has these members, and a format for files that begin so."""
    return f"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/vnode.h>
#include <sys/lkm.h>
static void in(struct proc *p) {{ p->p_md.md_syscall = (void *)64; }}
static const struct emul emul = {{ {emul} }};
static int make(struct lwp *l, struct exec_package *epp)
{{
	if (epp->ep_hdrvalid < 3 || memcmp(epp->ep_hdr, "bad", 3) != 0) return ENOEXEC;
	NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_readvn, epp->ep_vap->va_size - 3, 4096, epp->ep_vp, 3, 7);
	epp->ep_entry = 4096;
	return 0;
}}
static struct execsw row = {{ 8, make, {{ NULL }}, &emul }};
MOD_COMPAT("bad", -1, &emul)
static int load(struct lkm_table *t, int cmd) {{ return exec_add(&row, NULL); }}
static int unload(struct lkm_table *t, int cmd) {{ return exec_remove(&row); }}
int bad_lkmentry(struct lkm_table *, int, int);
int bad_lkmentry(struct lkm_table *t, int cmd, int ver) {{ DISPATCH(t, cmd, ver, load, unload, lkm_nofunc); }}
"""


CALL = {"amd64": bytes.fromhex("b801000000 0f05"), "i386": bytes.fromhex("b801000000 cd80")}


@pytest.mark.parametrize(
    ("emul", "why"),
    [
        (".e_syscall_intern = in", "instruction fetch at 0x40"),
        (".e_syscall_intern = (void *)64", "instruction fetch at 0x40"),
        (".e_sysent = (void *)64", "read at 0x"),
        (".e_sysent = sysent, .e_proc_exec = (void *)64", "instruction fetch at 0x40"),
        (
            ".e_sysent = sysent, .e_sigcode = (char *)64, .e_esigcode = (char *)64",
            "its signal trampoline is",
        ),
    ],
)
def test_an_emulation_of_garbage_is_a_panic(lab: Lab, emul: str, why: str) -> None:
    """When a program meets it; the reason says where."""
    lab.load(bad_module(f'.e_name = "bad", {emul}'), name="bad", whole=True)
    panic = lab.panics(lambda: run(lab, b"bad" + CALL[lab.machine]))
    assert why in panic.reason


def test_a_module_with_emulation_and_format_leaves_nothing(lab: Lab) -> None:
    """Its own row does not keep it; unloaded, both are gone."""
    lab.load(bad_module('.e_name = "bad", .e_sysent = sysent'), name="bad", whole=True)
    assert run(lab, b"bad" + CALL[lab.machine]).status >= 0
    modules.unload(lab.p, "bad")
    assert lab.tables() == lab.boot_tables
