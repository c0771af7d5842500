"""Bad programs get signals or error numbers; the kernel never panics and its memory is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi.signal import SIGFPE, SIGILL, SIGSEGV, SIGTRAP
from lkmtools.abi.syscall import SYS_NSYSENT, SYS_exit
from support.programs import Runner

KERNEL = """
#ifdef __LP64__
#define KERNEL 0xffffffff80100000UL
#else
#define KERNEL 0xc0100000UL
#endif
"""


@pytest.mark.parametrize(
    ("body", "signal"),
    [
        ("*(volatile int *)16 = 1;", SIGSEGV),
        ("*(volatile long *)KERNEL = 1;", SIGSEGV),
        ("return *(volatile long *)KERNEL;", SIGSEGV),
        ("((void (*)(void))KERNEL)();", SIGSEGV),
        ("((void (*)(void))16)();", SIGSEGV),
        ("*(volatile int *)main = 1;", SIGSEGV),
        ("static char code[16]; ((void (*)(void))code)();", SIGSEGV),
        ('__asm__ volatile("hlt");', SIGSEGV),
        ('__asm__ volatile("cli");', SIGSEGV),
        ('__asm__ volatile("movl $0x174, %%ecx; rdmsr" : : : "eax", "ecx", "edx");', SIGSEGV),
        ('__asm__ volatile("inb $0x80, %%al" : : : "eax");', SIGSEGV),
        ('__asm__ volatile("outb %%al, $0x80" : : : "eax");', SIGSEGV),
        ('__asm__ volatile("sysenter");', SIGSEGV),
        ('__asm__ volatile("ud2");', SIGILL),
        ('__asm__ volatile("int3");', SIGTRAP),
        ('__asm__ volatile("int $0x40");', SIGSEGV),
        ("volatile int zero = 0; return 1000 / zero;", SIGFPE),
        ('__asm__ volatile("mov $0, %esp; push %eax");', SIGSEGV),
        ("signal(SIGSEGV, SIG_IGN); *(volatile int *)16 = 1;", SIGSEGV),
    ],
)
def test_what_a_program_may_not_do_is_a_signal(runner: Runner, body: str, signal: int) -> None:
    """And it says where it happened."""
    if runner.machine == "amd64":
        body = body.replace("%esp; push %eax", "%rsp; push %rax")
    ran = runner.main(body, before=KERNEL)
    assert ran.signal == signal
    assert "pc 0x" in ran.reason


def test_endless_recursion_is_a_signal(runner: Runner) -> None:
    """The stack ends at a page that is not there."""
    before = """int down(volatile int *p);
    int down(volatile int *p) { volatile int x[200]; x[0] = *p; return down(x) + x[0]; }
    """
    ran = runner.main("volatile int n = 1; return down(&n);", before=before)
    assert ran.signal == SIGSEGV


@pytest.mark.parametrize("wild", ["0", "16", "KERNEL", "KERNEL + 0x1fffff", "(unsigned long)-8", "PAGE"])
def test_wild_pointers_to_every_call(runner: Runner, wild: str) -> None:
    """Every system call with that pointer for every argument: a number comes back, or the child dies."""
    ran = runner.main(
        f"""
        unsigned long w; int i, st, ok = 0;
        char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
        munmap(m + 4096, 4096);
        w = {wild.replace("PAGE", "(unsigned long)m + 4090")};
        for (i = 1; i < {SYS_NSYSENT}; i++) {{
            if (i == {SYS_exit} || i == SYS_fork || i == SYS_vfork || i == SYS_pipe) continue;
            if (fork() == 0) {{
                if (i == SYS___sigsuspend14 || i == SYS_select)  /* they may sleep for ever */
                    setitimer(ITIMER_REAL, &(struct itimerval){{ .it_value = {{ 0, 1000 }} }}, NULL);
                syscall(SYS_setpgid, 0, 0);  /* a signal to process 0 is for its group */
                for (st = 0; st < 3; st++) syscall(i, st == 0 ? w : 0, st < 2 ? w : 1, w, w, w, w, w);
                _exit(0);
            }}
            wait(&st);
            ok++;
        }}
        printf("%d\\n", ok);
        """,
        before=KERNEL,
    )
    assert (ran.status, ran.out) == (0, f"{SYS_NSYSENT - 5}\n")


def test_calls_at_random(runner: Runner) -> None:
    """Any number with any arguments, of root and of another user: nothing of it is left, and no panic."""
    source = Path(__file__).with_name("native") / "random.c"
    assert runner.run(KERNEL + source.read_text(), "100", "40").status == 0


def test_arguments_on_a_stack_that_is_not_there(runner: Runner) -> None:
    """A system call with a wild stack pointer: EFAULT where arguments are on the stack, and no panic."""
    sp, word = ("%%rsp", "%%rax") if runner.machine == "amd64" else ("%%esp", "%%eax")
    trap = "syscall" if runner.machine == "amd64" else "int $0x80"
    ran = runner.main(
        f"""
        int st, n; unsigned long bad[] = {{ 0, 16, KERNEL, (unsigned long)-4, (unsigned long)-8 }};
        for (n = 0; n < 5; n++) {{
            if (fork() == 0)
                __asm__ volatile("mov %0, {sp}; mov $197, %%eax; {trap}; mov $4, %%eax; {trap}; push {word}"
                    : : "r"(bad[n]) : "memory");
            wait(&st); printf("%d ", WTERMSIG(st));
        }}
        """,
        before=KERNEL,
    )
    assert ran.out == "11 11 11 11 11 "


def test_setcontext_cannot_leave_user_mode(runner: Runner) -> None:
    """A ucontext full of ones, kernel segments and a kernel pc included: a signal."""
    ran = runner.main(
        """
        static unsigned char uc[2048]; int st; memset(uc, 0xff, sizeof uc);
        if (fork() == 0) { syscall(SYS_setcontext, uc); _exit(1); }
        wait(&st); printf("%d\\n", WTERMSIG(st));
        """
    )
    assert ran.out == "11\n"


def test_a_handler_without_a_stack_ends_the_program(runner: Runner) -> None:
    """The frame cannot be built: SIGILL."""
    sp = "%rsp" if runner.machine == "amd64" else "%esp"
    ran = runner.main(
        f'signal(SIGSEGV, on); __asm__ volatile("mov $16, {sp}; push $1");',
        before="static void on(int s) { }",
    )
    assert ran.signal == SIGILL


def test_a_program_that_traces_itself_is_nobody_elses_business(runner: Runner) -> None:
    """Its last trap, of the instruction that ends it, does not reach who runs next."""
    sp = "%%rsp" if runner.machine == "amd64" else "%%esp"
    ran = runner.main(
        f"""
        int i, st, whole = 0;
        signal(SIGTRAP, on);
        for (i = 0; i < 40; i++) {{
            if (fork() == 0) {{
                __asm__ volatile("pushf; orl $0x100, ({sp}); popf" : : : "memory");
                getpid();
                _exit(traps > 3);
            }}
            wait(&st); whole += WIFEXITED(st) && WEXITSTATUS(st) == 1;
        }}
        printf("%d %d\\n", whole, traps);
        """,
        before="static volatile int traps; static void on(int s) { traps++; }",
    )
    assert (ran.status, ran.out) == (0, "40 0\n")


def test_a_fork_bomb_meets_the_limit(runner: Runner) -> None:
    """EAGAIN at the limit of processes; all of them end."""
    ran = runner.main(
        """
        int n = 0, st, fd[2]; char c; pipe(fd);
        for (;;) {
            pid_t p = fork();
            if (p == 0) { close(fd[1]); read(fd[0], &c, 1); _exit(0); }
            if (p < 0) break;
            n++;
        }
        int e = errno; close(fd[1]);
        while (wait(&st) > 0) ;
        printf("%d %d\\n", n, e);
        """,
        uid=1000,
    )
    assert ran.out == "159 35\n"


def test_memory_is_limited(runner: Runner) -> None:
    """mmap and break of everything are ENOMEM; touching more than there is ends the process."""
    ran = runner.main(
        """
        long n = 0; int st;
        while (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0) != MAP_FAILED) n++;
        printf("%d %d ", n > 10, errno);
        void *r = sbrk(1 << 29); printf("%d %d\\n", r == (void *)-1, errno);
        """
    )
    assert ran.out == "1 12 1 12\n"


def test_files_made_of_anything_are_refused_or_run(runner: Runner) -> None:
    """Each byte of the headers replaced: no panic, whatever the program then does."""
    image = bytearray(runner.build("int main(void) { return 0; }"))
    for at in range(120):
        for value in (0, 0xFF, image[at] ^ 0x40):
            changed = bytes(image[:at]) + bytes((value,)) + bytes(image[at + 1 :])
            runner.run(changed)
    assert runner.run(bytes(image)).status == 0
