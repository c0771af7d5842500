"""System calls that nobody provides: SIGSYS and ENOSYS for programs, ENOSYS and why for clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import ENOSYS, EWOULDBLOCK
from lkmtools.abi.signal import SIGSYS
from lkmtools.errors import KernelError
from support.emulations import EXAMPLES, WaitStatus, load_toys, run, toy_image
from support.lab import Lab
from support.programs import Runner

HANDLER = """
static int caught, noted;
static void note(int signo) { caught++; noted = signo; }
#define TRY(call) do { caught = 0; errno = 0; \\
    long r_ = (call); printf("%ld %d %d\\n", r_, errno, caught); } while (0)
"""
DELEGATE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/syscallargs.h>
#include <sys/lkm.h>
static int delegate(struct lwp *l, const void *v, register_t *retval) { return sys_nosys(l, v, retval); }
static struct sysent row = { 0, 0, 0, delegate };
MOD_SYSCALL("delegate", 210, &row);
int delegate_lkmentry(struct lkm_table *, int, int);
int delegate_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def test_by_default_it_ends_the_program(runner: Runner) -> None:
    """A child's parent learns of SIGSYS; the reason names the call, and status() counts it."""
    ran = runner.main(
        """
        int st;
        if (fork() == 0) { syscall(210); _exit(1); }
        wait(&st);
        printf("%d %d\\n", WIFSIGNALED(st), WTERMSIG(st)); fflush(stdout);
        syscall(26);
        puts("went on");
        """
    )
    assert ran == (None, SIGSYS, "1 12\n", "system call 26 (ptrace) is not implemented")
    assert runner.k.vitals.text()["in_vain"] == {"ptrace": 1, "210": 1}
    assert "exited on signal 12: system call 26 (ptrace) is not implemented" in runner.lk.console.text()


def test_a_handler_may_catch_it(runner: Runner) -> None:
    """Then the call fails with ENOSYS: a free one, one beyond the table, and one asked for by syscall()."""
    ran = runner.main(
        """
        signal(SIGSYS, note);
        TRY(syscall(210)); TRY(syscall(26)); TRY(syscall(512)); TRY(syscall(-1)); TRY(syscall(0, 211));
        TRY(syscall(0, 100000)); TRY(syscall(20) > 1);
        printf("%d\\n", noted);
        """,
        before=HANDLER,
    )
    assert ran.out.splitlines() == ["-1 78 1"] * 6 + ["1 0 0", "12"]
    assert runner.k.vitals.text()["in_vain"] == {"ptrace": 1, "210": 1, "211": 1, "512 and above": 3}


def test_ignored_it_is_enosys_alone_and_blocked_it_waits(runner: Runner) -> None:
    """psignal() sends it, so it kills nobody who does not want to hear of it."""
    ran = runner.main(
        """
        sigset_t set = { { 1 << (SIGSYS - 1) } }, got;
        signal(SIGSYS, SIG_IGN); TRY(syscall(210));
        signal(SIGSYS, note); sigprocmask(SIG_BLOCK, &set, NULL); TRY(syscall(210));
        sigpending(&got); printf("%d\\n", got.__bits[0] == set.__bits[0]);
        TRY(sigprocmask(SIG_UNBLOCK, &set, NULL));
        """,
        before=HANDLER,
    )
    assert ran == (0, 0, "-1 78 0\n-1 78 0\n1\n0 0 1\n", "")


def test_the_reason_is_that_of_the_signal_which_ends_the_program(runner: Runner) -> None:
    """SIGSYS waits, blocked, and another signal comes."""
    ran = runner.main(
        """
        sigset_t set = { { 1 << (SIGSYS - 1) } };
        sigprocmask(SIG_BLOCK, &set, NULL); syscall(210); raise(SIGTERM);
        """
    )
    assert (ran.signal, ran.reason) == (15, "")


@pytest.mark.parametrize(("number", "why"), [(210, "210"), (26, "26 (ptrace)")])
def test_a_client_gets_enosys_and_why(runner: Runner, number: int, why: str) -> None:
    """It has no signals."""
    with pytest.raises(KernelError) as caught:
        runner.lk.process("client").syscall(number)
    assert (caught.value.errno, caught.value.reason) == (ENOSYS, f"system call {why} is not implemented")


def test_a_clients_sleep_goes_on_when_its_module_called_sys_nosys(lab: Lab) -> None:
    """No interruption is left behind: the sleep ends by its timeout."""
    lab.load(
        """
        #include <sys/proc.h>
        #include <sys/syscallargs.h>
        static int ident;
        int probe_run(void);
        int probe_run(void)
        {
            if (sys_nosys(curlwp, NULL, NULL) != ENOSYS || sys_lkmnosys(curlwp, NULL, NULL) != ENOSYS)
                return -1;
            return tsleep(&ident, PWAIT | PCATCH, "probe", 1);
        }
        """
    )
    assert lab.call("int probe_run(void)") == EWOULDBLOCK


def test_a_module_may_answer_as_sys_nosys_does(lab: Lab, lab_runner: Runner) -> None:
    """Its own call hands over to it: a program gets the signal, a client the errno and whose call it is."""
    lab.load(DELEGATE, name="delegate", whole=True)
    ran = lab_runner.main('syscall(210); puts("went on");')
    assert ran == (None, SIGSYS, "", "an unimplemented system call")
    assert lab_runner.main("signal(SIGSYS, note); TRY(syscall(210));", before=HANDLER).out == "-1 78 1\n"
    with pytest.raises(KernelError) as caught:
        lab.p.syscall(210)
    assert caught.value.errno == ENOSYS
    assert (
        caught.value.reason == "system call 210 has been replaced by module 'delegate', which returned ENOSYS"
    )
    modules.unload(lab.p, "delegate")


ASK = r"""
#include <unistd.h>
#include <errno.h>
int main(void) { errno = 0; syscall(9); return errno == 1078 ? 7 : 8; }
"""


def test_an_emulation_has_its_own_answer(lab: Lab, tmp_path: Path) -> None:
    """A toy_nosys() of its own: an errno of its own and no signal. status() counts all the same."""
    load_toys(lab)
    assert run(lab, toy_image(lab, ASK, tmp_path)) == WaitStatus(7 << 8, "", 0, "")
    assert lab.k.vitals.text()["in_vain"] == {"toy 9": 1}


def test_a_call_beyond_a_short_table_is_an_unimplemented_one(lab: Lab, tmp_path: Path) -> None:
    """The table ends where its symbol says."""
    text = (EXAMPLES / "emul/toy.c").read_text()
    text = text.replace("SYS_NSYSENT] = {", "9] = {").replace(
        "[9 ... SYS_NSYSENT - 1] = { 0, 0, 0, toy_nosys },", ""
    )
    lab.load(text, name="toy", whole=True)
    lab.load(EXAMPLES / "toyexec/toyexec.c", name="toyexec")
    assert run(lab, toy_image(lab, ASK, tmp_path)).status == SIGSYS
    assert lab.k.vitals.text()["in_vain"] == {"toy 9 and above": 1}


def test_an_emulation_may_leave_its_calls_to_sys_nosys(lab: Lab, tmp_path: Path) -> None:
    """Then its programs get SIGSYS."""
    text = (EXAMPLES / "emul/toy.c").read_text().replace("0, 0, 0, toy_nosys }", "0, 0, 0, sys_nosys }")
    lab.load(text + "\nint (*unused)(struct lwp *, const void *, register_t *) = toy_nosys;\n", name="toy",
             whole=True)  # fmt: skip
    lab.load(EXAMPLES / "toyexec/toyexec.c", name="toyexec")
    assert run(lab, toy_image(lab, ASK, tmp_path)) == WaitStatus(
        SIGSYS, "", 0, "an unimplemented system call"
    )
    assert lab.k.vitals.text()["in_vain"] == {"toy 9": 1}


MANY = r"""
#include <unistd.h>
int main(void) { for (int i = 0; i < 20; i++) if (syscall(7) < 1) return 1; return 0; }
"""


def test_a_table_is_read_once_for_a_program(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that leaves each call to syscall() has the table's rows read, not the whole table."""
    load_toys(lab)
    unimplemented, read = lab.k.system_calls.unimplemented, []
    unserved = unimplemented.unserved
    monkeypatch.setattr(unimplemented, "unserved", lambda emul: read.append(emul) or unserved(emul))
    assert run(lab, toy_image(lab, MANY, tmp_path)).status == 0
    assert len(read) == 1


def test_an_emulation_without_a_table_cannot_leave_its_calls_to_syscall(lab: Lab, tmp_path: Path) -> None:
    """A number of whatever size leads nowhere: a panic says why."""
    text = (EXAMPLES / "emul/toy.c").read_text()
    table = "\t.e_sysent = toy_sysent,\n"
    assert table in text
    text = text.replace(table, "") + "\nconst struct sysent *unused = toy_sysent;\n"
    lab.load(text, name="toy", whole=True)
    lab.load(EXAMPLES / "toyexec/toyexec.c", name="toyexec")
    image = toy_image(lab, ASK.replace("syscall(9)", "syscall(0x10000000)"), tmp_path)
    panic = lab.panics(lambda: run(lab, image))
    assert panic.reason == "syscall: emulation 'toy' has no table of system calls (e_sysent)"
