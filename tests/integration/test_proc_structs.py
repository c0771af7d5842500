"""struct proc and struct lwp: where modules find a process, and what a function gets as its caller."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.dialects import DIALECTS, PROC_CALLS
from lkmtools.abi.signal import SIGKILL
from lkmtools.cc.dialects import FLAGS
from support.lab import HEAD, Lab
from support.programs import Runner, spawn_main

FACTS = """
#include <sys/proc.h>
#include <sys/lwp.h>
#include <sys/mutex.h>
int fact(int which);
int fact(int which)
{
	struct lwp *l = curlwp;
	struct proc *p = curproc, *q;
	int n = 0;

	switch (which) {
	case 0: return p->p_pid;
	case 1: return (void *)l != (void *)p && LIST_FIRST(&p->p_lwps) == l && l->l_proc == p && p->p_nlwps == 1;
	case 2: return strcmp(p->p_comm, "lab") == 0 && p->p_stat == SACTIVE && l->l_lid == 1;
	case 3: return p->p_pgrp->pg_id;
	case 4: return p->p_pgrp->pg_session->s_sid;
	case 5: return p->p_pgrp->pg_session->s_leader == p;
	case 6: return p->p_pptr->p_pid == 1 && p->p_ppid == 1;
	case 7: LIST_FOREACH(q, &allproc, p_list) n++; return n;
	case 8: return lwp0.l_proc == &proc0 && proc0.p_pid == 0 && pfind(0) == &proc0;
	case 10: return initproc->p_pid == 1 && pfind(29999) == NULL && pgfind(29999) == NULL;
	case 11: return pgfind(p->p_pid)->pg_id == p->p_pid && !mutex_owned(proc_lock);
	case 12:	/* proc_lock is left as the flags say */
		if (p_find(p->p_pid, PFIND_UNLOCK_FAIL) != p || !mutex_owned(proc_lock))
			return 0;
		if (p_find(29999, PFIND_LOCKED) != NULL || !mutex_owned(proc_lock))
			return -2;
		return p_find(p->p_pid, PFIND_LOCKED | PFIND_UNLOCK) == p && !mutex_owned(proc_lock);
	case 9: return p->p_emul == &emul_netbsd && l->l_cred == p->p_cred;
	}
	return -1;
}
"""


def test_a_module_finds_the_process_in_its_structs(lab: Lab) -> None:
    lab.load(FACTS)
    found = [lab.call("int fact(int which)", n) for n in range(13)]
    pid = lab.p.pid
    assert found == [pid, 1, 1, pid, pid, 1, 1, len(lab.k.procs), 1, 1, 1, 1, 1]
    with lab.kernel.process("other"):
        assert lab.call("int fact(int which)", 7) == found[7] + 1
    assert lab.call("int fact(int which)", 7) == found[7]


CALL = """
static int tell(void *caller, const void *v, register_t *retval)
{
	*retval = caller == curlwp ? 1 : caller == curproc ? 2 : 3;
	return 0;
}
static struct sysent entry = { .sy_call = (sy_call_t *)tell };
MOD_SYSCALL("tell", -1, &entry)
int tell_lkmentry(struct lkm_table *, int, int);
int tell_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_dialect_of_a_module_says_what_its_caller_is(lab: Lab, dialect: str) -> None:
    """NetBSD 2.0 and later call with a struct lwp *, older ones and OpenBSD with a struct proc *."""
    lab.load(HEAD + CALL, name="tell", whole=True, flags=FLAGS[dialect])
    assert lab.p.syscall(210)[0] == (2 if dialect in PROC_CALLS else 1)
    modules.unload(lab.p, "tell")
    lab.load(HEAD + CALL, name="tell", whole=True)
    assert lab.p.syscall(210)[0] == 1


def test_the_address_of_a_struct_lwp_is_not_that_of_a_process(lab: Lab) -> None:
    lab.load("int kill_me(void *p); int kill_me(void *p) { psignal(p, 1); return 0; }")
    assert lab.call("int kill_me(void *p)", lab.k.procs[lab.p.pid].addr) == 0
    addr = lab.k.procs[lab.p.pid].lwp.addr
    panic = lab.panics(lambda: lab.call("int kill_me(void *p)", addr))
    assert f"psignal: {addr:#x} is not a struct proc" in panic.reason


def test_a_signal_may_say_why_it_comes(lab: Lab, lab_runner: Runner) -> None:
    """kpsignal(): si_code and the sender reach the program's handler."""
    lab.load("""
#include <sys/proc.h>
#include <sys/signalvar.h>
static int send(struct lwp *l, const void *v, register_t *retval)
{
	ksiginfo_t ksi;
	memset(&ksi, 0, sizeof(ksi));
	ksi.ksi_signo = 15; ksi.ksi_code = -7; ksi.ksi_pid = 4321; ksi.ksi_uid = 9;
	kpsignal(l->l_proc, &ksi, NULL);
	return 0;
}
static struct sysent entry = { 0, 0, 0, (sy_call_t *)send };
int wire(void);
int wire(void) { sysent[219] = entry; return 0; }
""")
    lab.call("int wire(void)")
    ran = lab_runner.main(
        "struct sigaction sa; memset(&sa, 0, sizeof(sa)); sa.sa_sigaction = why; sa.sa_flags = SA_SIGINFO;"
        'sigaction(15, &sa, NULL); syscall(219); printf("%d %d ", got.si_code, (int)got.si_pid);'
        'printf("%d", (int)got.si_uid);',
        before="static siginfo_t got; static void why(int n, siginfo_t *si, void *ctx) { got = *si; }",
    )
    assert ran.out == "-7 4321 9"


FAMILY = """
#include <sys/proc.h>
int parent(struct proc *p);
int parent(struct proc *p) { return p->p_pptr == initproc && p->p_ppid == 1; }
int leader(struct proc *p);
int leader(struct proc *p)
{ return p->p_session->s_leader == NULL ? 0 : p->p_session->s_leader->p_pid; }
"""


def test_no_process_leads_to_one_that_is_gone(lab: Lab) -> None:
    """When a client goes, its programs are process 1's, and their session has no leader."""
    lab.load(FAMILY)
    _, proc = spawn_main(lab, "signal(1, SIG_IGN); pause();")
    parent = proc.parent
    assert parent is not None
    assert lab.call("int leader(struct proc *p)", proc.addr) == parent.pid
    assert lab.call("int parent(struct proc *p)", proc.addr) == 0
    lab.k.detach(parent)
    lab.settle()
    assert parent.pid not in lab.k.procs
    assert proc.parent is lab.k.procs[1]
    assert lab.call("int leader(struct proc *p)", proc.addr) == 0
    assert lab.call("int parent(struct proc *p)", proc.addr) == 1


def test_a_number_is_not_given_while_a_group_or_session_has_it(lab: Lab) -> None:
    """The process that led them is gone; when they are too, a new process may have the number."""
    ended, proc = spawn_main(lab, "signal(1, SIG_IGN); pause();")
    parent = proc.parent
    assert parent is not None
    lab.k.detach(parent)
    lab.settle()
    lab.k.procs._last = parent.pid - 1
    assert lab.k.procs.next_pid() not in (parent.pid, proc.pid)
    lab.k.signal(proc, SIGKILL)
    lab.settle()
    assert ended
    lab.k.procs._last = parent.pid - 1
    assert lab.k.procs.next_pid() == parent.pid


def test_proc_lock_is_taken_before_the_process_is_looked_up(lab: Lab) -> None:
    """A process that ends while p_find() or pg_find() waits for proc_lock is not found."""
    lab.load("""
#include <sys/proc.h>
#include <sys/mutex.h>
#include <sys/kernel.h>
int hold(void);
int hold(void) { mutex_enter(proc_lock); kpause("hold", false, 10, NULL); mutex_exit(proc_lock); return 0; }
int find(int pid);
int find(int pid) { return p_find(pid, PFIND_UNLOCK) == NULL; }
int find_group(int pid);
int find_group(int pid) { return pg_find(pid, PFIND_UNLOCK) == NULL; }
""")
    for prototype in ("int find(int pid)", "int find_group(int pid)"):
        other = lab.kernel.process("other")
        lab.begin("int hold(void)")
        seeks = lab.begin(prototype, other.pid)
        assert not seeks.done
        lab.k.detach(lab.k.procs[other.pid])
        assert seeks.result() == 1
