"""kauth, suser, credentials and finding processes, called by compiled C for the superuser and for others."""

from __future__ import annotations

import pytest

from lkmtools.abi.proc import lwp
from lkmtools.client import Process
from lkmtools.machine import Prototype
from lkmtools.proto import Syscall
from support.lab import Lab, transport

SOURCE = """
#include <sys/kauth.h>
#include <sys/signalvar.h>
int probe_suser(void)
{ u_short flag = 1; int error = suser(curproc->p_ucred, &flag); return error << 8 | flag; }
int probe_suser0(void) { return suser(curproc->p_ucred, NULL); }
int probe_generic(int action) { return kauth_authorize_generic(curlwp->l_cred, action, NULL); }
int probe_system(int action) { return kauth_authorize_system(curlwp->l_cred, action, 0, NULL, NULL, NULL); }
int probe_process(int action, int pid, int arg)
{ return kauth_authorize_process(curlwp->l_cred, action, pfind(pid), KAUTH_ARG(arg), NULL, NULL); }
int probe_rest(void)
{
    kauth_cred_t c = kauth_cred_get();
    return kauth_authorize_device(c, 1, 0, 0, 0, 0) << 16 | kauth_authorize_machdep(c, 1, 0, 0, 0, 0) << 8 |
        kauth_authorize_network(c, 1, 2, 0, 0, 0);
}
static uid_t (*volatile ids[])(kauth_cred_t) = { kauth_cred_getuid, kauth_cred_geteuid, kauth_cred_getsvuid,
    kauth_cred_getgid, kauth_cred_getegid, kauth_cred_getsvgid, kauth_cred_ngroups };
u_int probe_id(int which) { return ids[which](kauth_cred_get()); }
int probe_member(int gid) { int r = 7; return kauth_cred_ismember_gid(kauth_cred_get(), gid, &r) << 8 | r; }
int probe_hold(int holds, int frees)
{
    kauth_cred_t c = kauth_cred_get();
    while (holds-- > 0)
        kauth_cred_hold(c);
    while (frees-- > 0)
        kauth_cred_free(c);
    return c->cr_refcnt;
}
int probe_find(int pid) { struct proc *p = pfind(pid); return p == NULL ? -1 : p->p_pid; }
int probe_self(void) { return pfind(curproc->p_pid) == curproc; }
int probe_signal(int pid, int signo) { psignal(pfind(pid), signo); return 0; }
int probe_wild(void) { psignal((struct proc *)&probe_wild, 1); return 0; }
"""


class AuthCaller:
    """`call(prototype, *args, p=process)` calls a function of SOURCE as that process; `user` has uid 1000."""

    def __init__(self, lab: Lab) -> None:
        lab.load(SOURCE)
        self.lab = lab
        self.user = lab.kernel.process("user", uid=1000, gid=100)

    def __call__(self, prototype: str, *args: int, p: Process | None = None) -> int:
        proto = Prototype(prototype)
        box: list[int] = []
        addr = self.lab.symbols[proto.name]
        with self.lab.hook(lambda: box.append(self.lab.k.engine.call(proto, addr, *args))) as number:
            (p or self.lab.p).syscall(number)
        return box[0]


@pytest.fixture
def call(lab: Lab) -> AuthCaller:
    """SOURCE is loaded."""
    return AuthCaller(lab)


def test_suser_lets_the_superuser_through_and_marks_the_process(call: AuthCaller) -> None:
    """0 and ASU (2) in the flags for root; EPERM (1) and nothing for others."""
    assert call("int probe_suser(void)") == 0 << 8 | 3
    assert call("int probe_suser(void)", p=call.user) == 1 << 8 | 1
    assert call("int probe_suser0(void)") == 0
    assert call("int probe_suser0(void)", p=call.user) == 1


@pytest.mark.parametrize(("action", "root", "user"), [(1, 0, 0), (2, 0, 1), (3, 1, 1), (0, 1, 1)])
def test_generic_actions(call: AuthCaller, action: int, root: int, user: int) -> None:
    """CANSEE (1) is for all, ISSUSER (2) for root, what does not exist for nobody."""
    assert call("int probe_generic(int action)", action) == root
    assert call("int probe_generic(int action)", action, p=call.user) == user


def test_system_actions(call: AuthCaller) -> None:
    """Root may all (10 is REBOOT), others nothing; modules (6, 15) depend on securelevel alone."""
    get = "int probe_system(int action)"
    assert [call(get, action) for action in (1, 6, 10, 15)] == [0, 0, 0, 0]
    assert [call(get, action, p=call.user) for action in (1, 6, 10, 15)] == [1, 0, 1, 0]
    call.lab.k.mem.set_u32(call.lab.k.symbol("securelevel"), 1)
    assert [call(get, action) for action in (1, 6, 10, 15)] == [0, 1, 0, 1]


def test_what_may_be_done_to_processes(call: AuthCaller) -> None:
    """Root may all but what does not exist; a user what he may do to his own, and see others (but ENV, 3)."""
    get = "int probe_process(int action, int pid, int arg)"
    mine, roots = call.user.pid, call.lab.p.pid
    assert [call(get, action, mine, 0) for action in (0, *range(1, 17), 17)] == [1, *16 * [0], 1]
    to_mine = [call(get, action, mine, 0, p=call.user) for action in range(1, 17)]
    assert to_mine == [int(action == 14) for action in range(1, 17)]
    to_roots = [call(get, action, roots, 0, p=call.user) for action in range(1, 17)]
    assert to_roots == [int(action not in (1, 3)) for action in range(1, 17)]
    assert [call(get, 1, roots, arg, p=call.user) for arg in range(1, 5)] == [0, 0, 1, 0]
    panic = call.lab.panics(lambda: call(get, 15, 29999, 0))
    assert panic.reason.startswith("kauth_authorize_process: 0x0 is not a struct proc")


def test_devices_machine_and_network_are_the_superusers(call: AuthCaller) -> None:
    """EPERM three times for others."""
    assert call("int probe_rest(void)") == 0
    assert call("int probe_rest(void)", p=call.user) == 0x010101


def test_the_ids_of_credentials(call: AuthCaller) -> None:
    """Real, effective and saved ids, by the inline functions and by the exported ones."""
    get = "u_int probe_id(int which)"
    assert [call(get, n, p=call.user) for n in range(7)] == [1000, 1000, 1000, 100, 100, 100, 0]
    k = call.lab.k
    current = k.procs[call.user.pid].lwp.addr
    addr = k.mem.view(lwp.layout(k.dm), current).l_cred
    bodies = {f.name: f.body for f in k.engine.text.functions}
    names = ("getuid", "geteuid", "getsvuid", "getgid", "getegid", "getsvgid", "ngroups")
    assert [bodies[f"kauth_cred_{name}"](k, addr) for name in names] == [1000, 1000, 1000, 100, 100, 100, 0]


def test_nobody_has_supplementary_groups(call: AuthCaller) -> None:
    """0, and the result is 0."""
    assert call("int probe_member(int gid)", 100, p=call.user) == 0


def test_references_are_counted_and_the_last_is_the_processs(call: AuthCaller) -> None:
    """Hold and free balance; one free too many panics."""
    assert call("int probe_hold(int holds, int frees)", 3, 3) == 1
    panic = call.lab.panics(lambda: call("int probe_hold(int holds, int frees)", 1, 2))
    assert panic.reason.startswith("kauth_cred_free: the credentials at 0x")


def test_pfind_finds_processes_by_number(call: AuthCaller) -> None:
    """The process itself, another one, and NULL for none."""
    assert call("int probe_self(void)") == 1
    assert call("int probe_find(int pid)", call.user.pid) == call.user.pid
    assert call("int probe_find(int pid)", 1) == 1
    assert call("int probe_find(int pid)", 29999) == -1


def test_psignal_ends_an_interruptible_sleep(call: AuthCaller) -> None:
    """The sleeper gets EINTR."""
    lab = call.lab
    lab.load('int probe_sleep(void) { return tsleep(&probe_sleep, PWAIT | PCATCH, "probe", 0); }', name="z")
    got: list[int] = []
    proto = Prototype("int probe_sleep(void)")
    with lab.hook(lambda: got.append(lab.k.engine.call(proto, lab.symbols["probe_sleep"]))) as number:
        inside = transport(call.user)
        inside.send(Syscall(number, (), ()))
        lab.kernel.run()
        assert got == []
    call("int probe_signal(int pid, int signo)", call.user.pid, 1)
    inside.receive()
    assert got == [4]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("int probe_wild(void)", "psignal: 0x{:x} is not a struct proc"),
        ("int probe_signal(int pid, int signo)", "psignal: signal 64 is not between 1 and 63"),
    ],
)
def test_psignal_refuses_what_is_none(call: AuthCaller, text: str, reason: str) -> None:
    """A pointer that is no process; a number that is no signal."""
    lab = call.lab
    args = () if "wild" in text else (lab.p.pid, 64)
    wild = lab.symbols["probe_wild"]
    panic = lab.panics(lambda: call(text, *args))
    assert panic.reason == reason.format(wild)


@pytest.mark.parametrize(
    "text", ["suser((void *)p, 0)", "kauth_authorize_generic((void *)p, 2, 0)", "kauth_cred_hold((void *)p)",
             "kauth_cred_free((void *)p)", "kauth_cred_ismember_gid((void *)p, 0, 0)"],
)  # fmt: skip
def test_bad_credentials_panic(lab: Lab, text: str) -> None:
    """NOCRED is not memory."""
    lab.load(f"#include <sys/kauth.h>\nint probe_go(u_long p) {{ {text}; return 0; }}")
    panic = lab.panics(lambda: lab.call("int probe_go(u_long p)", -1))
    assert f" in {text.partition('(')[0]}() called from probe_go+0x" in panic.reason
