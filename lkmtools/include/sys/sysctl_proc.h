/* <sys/sysctl_proc.h>: what the nodes KERN_PROC of NetBSD answer with; <sys/sysctl.h> includes it. Here they are absent. */

#ifndef _SYS_SYSCTL_PROC_H_
#define _SYS_SYSCTL_PROC_H_

#include <sys/types.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/ucred.h>
#ifdef _KERNEL
#include <uvm/uvm_extern.h>
#include <lib/libkern/libkern.h>
#endif

/* Which processes: KERN_PROC, one of these, a number. */
#define KERN_PROC_ALL		0
#define KERN_PROC_PID		1
#define KERN_PROC_PGRP		2
#define KERN_PROC_SESSION	3
#define KERN_PROC_TTY		4
#define KERN_PROC_UID		5
#define KERN_PROC_RUID		6
#if defined(__OpenBSD__)
#define KERN_PROC_KTHREAD	7
#define KERN_NPROCS		1047	/* OpenBSD's number is another node's here */
#else
#define KERN_PROC_GID		7
#define KERN_PROC_RGID		8
#endif

#define WMESGLEN	8

#ifdef _KERNEL
struct _pcred {
	void	*pc_pad;
	uid_t	 p_ruid;
	uid_t	 p_svuid;
	gid_t	 p_rgid;
	gid_t	 p_svgid;
	int	 p_refcnt;
};

struct _ucred {
	int	cr_ref;
	uid_t	cr_uid;
	gid_t	cr_gid;
	short	cr_ngroups;
	gid_t	cr_groups[16];
};

struct eproc {
	struct proc	*e_paddr;
	struct session	*e_sess;
	struct _pcred	 e_pcred;
	struct _ucred	 e_ucred;
	struct vmspace	 e_vm;
	pid_t		 e_ppid;
	pid_t		 e_pgid;
	short		 e_jobc;
	dev_t		 e_tdev;
	pid_t		 e_tpgid;
	struct session	*e_tsess;
	char		 e_wmesg[WMESGLEN];
	segsz_t		 e_xsize;
	short		 e_xrssize;
	short		 e_xccount;
	short		 e_xswrss;
	long		 e_flag;
	char		 e_login[MAXLOGNAME];
	pid_t		 e_sid;
	long		 e_spare[3];
};

struct kinfo_proc {
	struct proc	kp_proc;
	struct eproc	kp_eproc;
};

#if __LKM_API < 400
/* Describe a process; what is not said of it is zero. */
static inline void
fill_eproc(struct proc *p, struct eproc *ep)
{
	const struct ucred *cred = p->p_ucred;
	u_int i;

	memset(ep, 0, sizeof(*ep));
	ep->e_paddr = p;
	ep->e_sess = p->p_session;
	ep->e_pcred.p_ruid = p->p_cred->p_ruid;
	ep->e_pcred.p_svuid = p->p_cred->p_svuid;
	ep->e_pcred.p_rgid = p->p_cred->p_rgid;
	ep->e_pcred.p_svgid = p->p_cred->p_svgid;
	ep->e_ucred.cr_uid = cred->cr_uid;
	ep->e_ucred.cr_gid = cred->cr_gid;
	ep->e_ucred.cr_ngroups = cred->cr_ngroups;
	for (i = 0; i < cred->cr_ngroups; i++)
		ep->e_ucred.cr_groups[i] = cred->cr_groups[i];
	ep->e_ppid = p->p_pptr != NULL ? p->p_pptr->p_pid : 0;
	ep->e_pgid = p->p_pgid;
	ep->e_sid = p->p_session->s_sid;
	ep->e_tdev = NODEV;
	strlcpy(ep->e_login, p->p_session->s_login, sizeof(ep->e_login));
}

static inline void
fill_kproc2(struct proc *p, struct kinfo_proc2 *ki)
{
	const struct ucred *cred = p->p_ucred;

	memset(ki, 0, sizeof(*ki));
	ki->p_paddr = (uintptr_t)p;
	ki->p_pid = p->p_pid;
	ki->p_ppid = p->p_pptr != NULL ? p->p_pptr->p_pid : 0;
	ki->p__pgid = p->p_pgid;
	ki->p_sid = p->p_session->s_sid;
	ki->p_uid = cred->cr_uid;
	ki->p_gid = cred->cr_gid;
	ki->p_ruid = p->p_cred->p_ruid;
	ki->p_rgid = p->p_cred->p_rgid;
	ki->p_svuid = p->p_cred->p_svuid;
	ki->p_svgid = p->p_cred->p_svgid;
	ki->p_stat = p->p_stat;
	ki->p_tdev = NODEV;
	strlcpy(ki->p_comm, p->p_comm, sizeof(ki->p_comm));
	strlcpy(ki->p_login, p->p_session->s_login, sizeof(ki->p_login));
}
#endif
#endif

#endif
