"""Processes, credentials, threads and memory as sources before NetBSD 5.0 and for OpenBSD ask for them."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EPERM
from lkmtools.cc.dialects import FLAGS
from support.lab import Lab

WERROR = ("-Werror", "-Wall")
CREDENTIALS = """
#include <sys/proc.h>
#include <sys/ucred.h>

int probe_suser(void);
int
probe_suser(void)
{
	struct proc *p = curproc;

	if (suser(p->p_ucred, &p->p_acflag) != suser(p->p_ucred, NULL))
		return -1;
#ifdef __OpenBSD__
	if (suser(p, 0) != suser(p->p_ucred, NULL))
		return -2;
#endif
	return suser(p->p_ucred, &p->p_acflag);
}

int probe_real(void);
int
probe_real(void)
{
	struct ucred *cred = curproc->p_cred->pc_ucred;

	if (cred != curproc->p_ucred || sizeof(struct pcred) != sizeof(struct ucred))
		return -1;
	crhold(cred);
	crfree(cred);
	if (curproc->p_cred->p_rgid != curproc->p_cred->p_svgid)
		return -2;
	return curproc->p_cred->p_ruid * 1000 + cred->cr_uid;
}

int probe_become(int pid, int uid);
int
probe_become(int pid, int uid)
{
	struct proc *p = pfind(pid);

	p->p_cred->pc_ucred->cr_uid = uid;
	return 0;
}

int probe_member(int gid);
int
probe_member(int gid)
{
	static const struct ucred cred = { .cr_gid = 66, .cr_ngroups = 2, .cr_groups = { 55, 77 } };

	return groupmember(gid, &cred);
}

int probe_system(void);
int
probe_system(void)
{
	int flags = curproc->p_flag & (P_SYSTEM | P_CONTROLT);

	return (proc0.p_flag & P_SYSTEM) != 0 && flags == 0 && LIST_FIRST(&zombproc) == NULL;
}
"""


@pytest.mark.parametrize("api", ["1.4", "2.0", "openbsd"])
def test_credentials(lab: Lab, api: str) -> None:
    """suser() of credentials and, in OpenBSD, of a process; struct pcred has the real ids."""
    lab.load(CREDENTIALS, flags=(*FLAGS[api], *WERROR))
    assert lab.call("int probe_suser(void)") == 0
    assert lab.call("int probe_real(void)") == 0
    assert lab.call("int probe_system(void)") == 1
    assert [lab.call("int probe_member(int gid)", gid) for gid in (55, 66, 77)] == [1, 0, 1]
    other = lab.kernel.process("other")
    assert lab.call("int probe_become(int pid, int uid)", other.pid, 7) == 0
    lab.p = other
    assert lab.call("int probe_suser(void)") == EPERM
    assert lab.call("int probe_real(void)") == 7


THREAD = """
#include <sys/proc.h>
#include <sys/kthread.h>

static struct proc *made;
static int ran, later;

static void
body(void *arg)
{
	ran = curproc == made ? *(int *)arg : -1;
	tsleep(&ran, PWAIT, "ran", 0);
	kthread_exit(0);
}

static void
deferred(void *arg)
{
	later = *(int *)arg;
}

int probe_thread(void);
int
probe_thread(void)
{
	static int number = 42;
	int error;

#ifdef __OpenBSD__
	error = kthread_create(body, &number, &made, "%s%d", "hatch", 7);
	kthread_create_deferred(deferred, &number);
#else
	error = kthread_create1(body, &number, &made, "%s%d", "hatch", 7);
	kthread_create(deferred, &number);
#endif
	return error;
}

int probe_ran(void);
int probe_ran(void) { wakeup(&ran); return ran == 42 && later == 42; }
"""


@pytest.mark.parametrize("api", ["1.4", "2.0", "4.0", "openbsd"])
def test_a_thread_was_a_process(lab: Lab, api: str) -> None:
    lab.load(THREAD, flags=(*FLAGS[api], *WERROR))
    assert lab.call("int probe_thread(void)") == 0
    lab.settle()
    assert "hatch7" in [proc.comm for proc in lab.k.procs.values()]
    assert lab.call("int probe_ran(void)") == 1
    lab.settle()
    assert "hatch7" not in [proc.comm for proc in lab.k.procs.values()]


DESCRIBED = """
#include <sys/proc.h>
#include <sys/sysctl.h>

int probe_described(int pid);
int
probe_described(int pid)
{
	static struct kinfo_proc kp;
	static struct kinfo_proc2 kp2;
	struct proc *p = pfind(pid);
	int op = KERN_PROC_PID;

	switch (op) {
	case KERN_PROC_ALL: case KERN_PROC_PGRP: case KERN_PROC_SESSION: case KERN_PROC_TTY: case KERN_PROC_UID:
	case KERN_PROC_RUID:
		return -1;
	}
	bcopy(p, &kp.kp_proc, sizeof(kp.kp_proc));
	fill_eproc(p, &kp.kp_eproc);
	fill_kproc2(p, &kp2);
	if (kp.kp_proc.p_pid != pid || kp.kp_eproc.e_paddr != p || strcmp(kp.kp_eproc.e_login, "root") != 0)
		return -2;
	if (kp2.p_pid != pid || strcmp(kp2.p_comm, p->p_comm) != 0 || kp2.p_sid != kp.kp_eproc.e_sid)
		return -3;
	return kp.kp_eproc.e_ucred.cr_uid * 100 + kp.kp_eproc.e_pcred.p_ruid + kp2.p_uid * 100 + kp2.p_ruid;
}
"""


@pytest.mark.parametrize("api", ["1.4", "2.0", "openbsd"])
def test_a_process_is_described(lab: Lab, api: str) -> None:
    lab.load(DESCRIBED, flags=(*FLAGS[api], *WERROR))
    assert lab.call("int probe_described(int pid)", lab.p.pid) == 0


MEMORY = """
#include <sys/proc.h>
#include <sys/signalvar.h>
#include <sys/vnode.h>
#include <uvm/uvm_extern.h>
#include <machine/pmap.h>

int probe_memory(void);
int
probe_memory(void)
{
	vm_map_t map = kernel_map;
	vaddr_t va = uvm_km_zalloc(map, PAGE_SIZE), other = uvm_km_alloc(map, PAGE_SIZE);
	paddr_t pa = 0;
	int found;

	if (va == 0 || other == 0 || *(int *)va != 0 || !uvm_vnp_uncache(NULL))
		return -1;
	found = pmap_extract(pmap_kernel(), va, &pa) && pa == vtophys(va) && !pmap_extract(pmap_kernel(), 0, &pa);
	uvm_km_free(map, va, PAGE_SIZE);
	uvm_km_free(map, other, PAGE_SIZE);
	return found && pa == vtophys(va + 0) + pa;
}

int probe_turns(void);
int
probe_turns(void)
{
	KERNEL_PROC_UNLOCK(curproc);
	if (want_resched)
		yield();
	KERNEL_PROC_LOCK(curproc);
	return CURSIG(curproc);
}
"""


@pytest.mark.parametrize("api", ["1.4", "2.0", "openbsd"])
def test_memory_and_turns(lab: Lab, api: str) -> None:
    """uvm_km_alloc() without alignment and flags; a physical address; no signal is pending."""
    lab.load(MEMORY, flags=(*FLAGS[api], *WERROR))
    lab.remember()
    assert lab.call("int probe_memory(void)") == 1
    assert lab.same()
    assert lab.call("int probe_turns(void)") == 0
