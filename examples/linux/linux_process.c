/* linux_process.c: processes: their ids, fork, exec, exit and wait. */

#include "linux_emul.h"

#include <sys/kauth.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* A child begins: its number goes to where the parent asked for it. A bad pointer is its own loss. */
static void
child_begins(void *settid)
{
	int pid = curproc->p_pid;

	(void)copyout(&pid, settid, sizeof(pid));
}

/*
 * clone: new processes, not threads. A child that would share its parent's memory for a while, as vfork's does, has a
 * copy instead: a program that calls only execve sees no difference.
 */
int
linux_clone(struct lwp *l, u_long flags, void *stack, int *parent_tid, int *child_tid, register_t *retval)
{
	static const u_long known = LINUX_CSIGNAL | LINUX_CLONE_VM | LINUX_CLONE_VFORK |
	    LINUX_CLONE_PARENT_SETTID | LINUX_CLONE_CHILD_CLEARTID | LINUX_CLONE_CHILD_SETTID;
	int pid, error;

	if ((flags & ~known) != 0 || (flags & (LINUX_CLONE_VM | LINUX_CLONE_VFORK)) == LINUX_CLONE_VM)
		return EINVAL;
	if ((flags & LINUX_CSIGNAL) != LINUX_SIGCHLD && (flags & LINUX_CSIGNAL) != 0)
		return EINVAL;
	error = fork1(l, (flags & LINUX_CLONE_VFORK) != 0 ? FORK_PPWAIT : 0, SIGCHLD, stack, 0,
	    (flags & LINUX_CLONE_CHILD_SETTID) != 0 ? child_begins : NULL, child_tid, retval, NULL);
	if (error == 0 && (flags & LINUX_CLONE_PARENT_SETTID) != 0) {
		pid = retval[0];
		error = copyout(&pid, parent_tid, sizeof(pid));
	}
	return error;
}

LINUX_CALL(fork)
{
	return linux_clone(l, LINUX_SIGCHLD, NULL, NULL, NULL, retval);
}

LINUX_CALL(vfork)
{
	return linux_clone(l, LINUX_CLONE_VM | LINUX_CLONE_VFORK | LINUX_SIGCHLD, NULL, NULL, NULL, retval);
}

/* execve(name, arguments, environment): a vector that is NULL is empty. */
LINUX_CALL(execve)
{
	void *sg = stackgap_init(l->l_proc, 0);
	const char *name = linux_name(l, ARG(0, const char *), &sg);
	char **empty = stackgap_alloc(l->l_proc, &sg, sizeof(*empty)), *end = NULL;
	int error = empty != NULL ? copyout(&end, empty, sizeof(end)) : ENOMEM;

	if (error != 0)
		return error;
	return NATIVE(sys_execve, l, retval, W(name), ARG(1, void *) != NULL ? ARG(1, register_t) : W(empty),
	    ARG(2, void *) != NULL ? ARG(2, register_t) : W(empty));
}

/* exit, exit_group: a process has one thread. */
LINUX_CALL(exit)
{
	return NATIVE(sys_exit, l, retval, ARG(0, register_t));
}

/* The status of a process that ended: a signal's number is Linux's. */
static int
linux_status(int native)
{
	if (WIFSTOPPED(native))
		return W_EXITCODE(linux_signo(WSTOPSIG(native)), _WSTOPPED);
	if (WIFSIGNALED(native))
		return (native & ~0177) | linux_signo(WTERMSIG(native));
	return native;
}

void
linux_usage(const struct rusage *ru, struct linux_rusage *out)
{
	memset(out, 0, sizeof(*out));
	out->ru_utime.tv_sec = ru->ru_utime.tv_sec;
	out->ru_utime.tv_usec = ru->ru_utime.tv_usec;
	out->ru_stime.tv_sec = ru->ru_stime.tv_sec;
	out->ru_stime.tv_usec = ru->ru_stime.tv_usec;
	memcpy(out->ru_counts, &ru->ru_maxrss, sizeof(out->ru_counts));	/* in the same order */
}

/* wait4(whom, status, options, usage) */
LINUX_CALL(wait4)
{
	int pid = ARG(0, int), *ustatus = ARG(1, int *), foreign = ARG(2, int), status, was_zombie, error;
	int options = ((foreign & LINUX_WNOHANG) != 0 ? WNOHANG : 0) | ((foreign & LINUX_WUNTRACED) != 0 ? WUNTRACED : 0);
	void *uusage = ARG(3, void *);
	struct linux_rusage usage;
	struct rusage ru;

	if ((foreign & ~(LINUX_WNOHANG | LINUX_WUNTRACED | LINUX_WCONTINUED | LINUX_WALLCHILDREN)) != 0)
		return EINVAL;
	memset(&ru, 0, sizeof(ru));
	if ((error = do_sys_wait(l, &pid, &status, options, &ru, &was_zombie)) != 0)
		return error;
	*retval = pid;
	if (pid == 0)
		return 0;
	status = linux_status(status);
	linux_usage(&ru, &usage);
	if (ustatus != NULL)
		error = copyout(&status, ustatus, sizeof(status));
	if (error == 0 && uusage != NULL)
		error = copyout(&usage, uusage, sizeof(usage));
	return error;
}

/* waitpid(whom, status, options) */
LINUX_CALL(waitpid)
{
	register_t args[] = { ARG(0, register_t), ARG(1, register_t), ARG(2, register_t), 0 };

	return linux_sys_wait4(l, args, retval);
}

/* gettid(), and set_tid_address(where to tell of the thread's end), which no other thread sees. */
LINUX_CALL(gettid)
{
	*retval = l->l_proc->p_pid;
	return 0;
}

/* set_robust_list(list of locks, its size): of locks that other threads would find held. There are none. */
LINUX_CALL(set_robust_list)
{
	return 0;
}

/* rseq(area, ...): libraries do without it. */
LINUX_CALL(rseq)
{
	return ENOSYS;
}

/* Who a process is: the native calls have a second result, which a C library here would not expect. */
LINUX_CALL(getuid)
{
	*retval = kauth_cred_getuid(l->l_cred);
	return 0;
}

LINUX_CALL(geteuid)
{
	*retval = kauth_cred_geteuid(l->l_cred);
	return 0;
}

LINUX_CALL(getgid)
{
	*retval = kauth_cred_getgid(l->l_cred);
	return 0;
}

LINUX_CALL(getegid)
{
	*retval = kauth_cred_getegid(l->l_cred);
	return 0;
}

static int
copyout_ids(const void *v, uint32_t real, uint32_t effective, uint32_t saved)
{
	const uint32_t ids[] = { real, effective, saved };
	int error = 0;

	for (int i = 0; i < 3 && error == 0; i++)
		error = copyout(&ids[i], ARG(i, void *), sizeof(ids[i]));
	return error;
}

LINUX_CALL(getresuid)
{
	return copyout_ids(v, kauth_cred_getuid(l->l_cred), kauth_cred_geteuid(l->l_cred), kauth_cred_getsvuid(l->l_cred));
}

LINUX_CALL(getresgid)
{
	return copyout_ids(v, kauth_cred_getgid(l->l_cred), kauth_cred_getegid(l->l_cred), kauth_cred_getsvgid(l->l_cred));
}

/* setresuid(real, effective, saved): the saved one cannot be set alone here; asked to be the effective one, it is. */
LINUX_CALL(setresuid)
{
	if (ARG(2, int) != -1 && ARG(2, int) != ARG(1, int))
		return EPERM;
	return NATIVE(sys_setreuid, l, retval, ARG(0, register_t), ARG(1, register_t));
}

LINUX_CALL(setresgid)
{
	if (ARG(2, int) != -1 && ARG(2, int) != ARG(1, int))
		return EPERM;
	return NATIVE(sys_setregid, l, retval, ARG(0, register_t), ARG(1, register_t));
}

/* getpgrp(): of the process itself. */
LINUX_CALL(getpgrp)
{
	return NATIVE(sys_getpgid, l, retval, 0);
}

/* sched_getaffinity(process, bytes, set): there is one processor. Returns the number of bytes stored. */
LINUX_CALL(sched_getaffinity)
{
	u_long set = 1;

	if (ARG(1, size_t) < sizeof(set))
		return EINVAL;
	*retval = sizeof(set);
	return copyout(&set, ARG(2, void *), sizeof(set));
}

/*
 * futex(word, what, value, ...): of a process with one thread. No thread waits, so none is woken; one that would
 * wait for another sleeps for ever, unless the word has changed already.
 */
LINUX_CALL(futex)
{
	int word, error;

	switch (ARG(1, int) & LINUX_FUTEX_COMMAND) {
	case LINUX_FUTEX_WAKE:
		*retval = 0;
		return 0;
	case LINUX_FUTEX_WAIT:
		if ((error = copyin(ARG(0, void *), &word, sizeof(word))) != 0)
			return error;
		return word != ARG(2, int) ? EAGAIN : tsleep(l, PPAUSE | PCATCH, "futex", 0);
	default:
		return ENOSYS;
	}
}
