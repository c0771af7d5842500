/* linux_signal.c: signals: their numbers, sets and structs, and the calls for them. Handlers: linux_machdep_*.c. */

#include "linux_emul.h"

#include <sys/signalvar.h>

/* By Linux's number; 0 for what has no like here (SIGSTKFLT). SIGEMT and SIGINFO exist here only. */
static const unsigned char to_native[LINUX_SIGRTMIN] = {
	[LINUX_SIGHUP] = SIGHUP, [LINUX_SIGINT] = SIGINT, [LINUX_SIGQUIT] = SIGQUIT, [LINUX_SIGILL] = SIGILL,
	[LINUX_SIGTRAP] = SIGTRAP, [LINUX_SIGABRT] = SIGABRT, [LINUX_SIGBUS] = SIGBUS, [LINUX_SIGFPE] = SIGFPE,
	[LINUX_SIGKILL] = SIGKILL, [LINUX_SIGUSR1] = SIGUSR1, [LINUX_SIGSEGV] = SIGSEGV, [LINUX_SIGUSR2] = SIGUSR2,
	[LINUX_SIGPIPE] = SIGPIPE, [LINUX_SIGALRM] = SIGALRM, [LINUX_SIGTERM] = SIGTERM, [LINUX_SIGCHLD] = SIGCHLD,
	[LINUX_SIGCONT] = SIGCONT, [LINUX_SIGSTOP] = SIGSTOP, [LINUX_SIGTSTP] = SIGTSTP, [LINUX_SIGTTIN] = SIGTTIN,
	[LINUX_SIGTTOU] = SIGTTOU, [LINUX_SIGURG] = SIGURG, [LINUX_SIGXCPU] = SIGXCPU, [LINUX_SIGXFSZ] = SIGXFSZ,
	[LINUX_SIGVTALRM] = SIGVTALRM, [LINUX_SIGPROF] = SIGPROF, [LINUX_SIGWINCH] = SIGWINCH, [LINUX_SIGIO] = SIGIO,
	[LINUX_SIGPWR] = SIGPWR, [LINUX_SIGSYS] = SIGSYS,
};

#define SIGRTMIN	33		/* our first signal without a meaning of its own */

/* A signal by our number; 0 when there is none. */
int
native_signo(int foreign)
{
	if (foreign <= 0 || foreign > LINUX_NSIG)
		return 0;
	if (foreign < LINUX_SIGRTMIN)
		return to_native[foreign];
	foreign += SIGRTMIN - LINUX_SIGRTMIN;
	return foreign < NSIG ? foreign : 0;
}

/* A signal by Linux's number; 0 when there is none. */
int
linux_signo(int native)
{
	if (native >= SIGRTMIN)
		return native - SIGRTMIN + LINUX_SIGRTMIN;
	for (int foreign = 1; foreign < LINUX_SIGRTMIN; foreign++)
		if (to_native[foreign] == native)
			return foreign;
	return 0;
}

linux_sigset_t
linux_sigset(const sigset_t *native)
{
	linux_sigset_t foreign = 0;

	for (int signo = 1; signo <= LINUX_NSIG; signo++)
		if (native_signo(signo) != 0 && sigismember(native, native_signo(signo)))
			foreign |= (linux_sigset_t)1 << (signo - 1);
	return foreign;
}

void
native_sigset(linux_sigset_t foreign, sigset_t *native)
{
	sigemptyset(native);
	for (int signo = 1; signo <= LINUX_NSIG; signo++)
		if ((foreign >> (signo - 1) & 1) != 0 && native_signo(signo) != 0)
			sigaddset(native, native_signo(signo));
}

/* A set of a program; its size is an argument of every call. */
static int
copyin_sigset(const void *uaddr, size_t size, sigset_t *set)
{
	linux_sigset_t foreign;
	int error;

	if (size != sizeof(foreign))
		return EINVAL;
	if ((error = copyin(uaddr, &foreign, sizeof(foreign))) == 0)
		native_sigset(foreign, set);
	return error;
}

/* The siginfo of a handler. The codes for faults are the same; 0, of signals of processes, too. */
void
linux_siginfo(const struct ksiginfo *ksi, struct linux_siginfo *info)
{
	memset(info, 0, sizeof(*info));
	info->lsi_signo = linux_signo(ksi->ksi_signo);
	info->lsi_code = ksi->ksi_code;
	if ((ksi->ksi_flags & KSI_TRAP) != 0) {
		info->lsi_u._addr = ksi->ksi_addr;
	} else {
		info->lsi_u._child._pid = ksi->ksi_pid;
		info->lsi_u._child._uid = ksi->ksi_uid;
		info->lsi_u._child._status = ksi->ksi_code == CLD_EXITED ? ksi->ksi_status : linux_signo(ksi->ksi_status);
	}
}

/* Flags of sigaction, in both directions. */
static const struct {
	unsigned int	foreign;
	int		native;
} action_flags[] = {
	{ LINUX_SA_NOCLDSTOP, SA_NOCLDSTOP },
	{ LINUX_SA_NOCLDWAIT, SA_NOCLDWAIT },
	{ LINUX_SA_SIGINFO, SA_SIGINFO },
	{ LINUX_SA_ONSTACK, SA_ONSTACK },
	{ LINUX_SA_RESTART, SA_RESTART },
	{ LINUX_SA_NODEFER, SA_NODEFER },
	{ LINUX_SA_RESETHAND, SA_RESETHAND },
};

static void
native_action(const struct linux_sigaction *lsa, struct sigaction *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_handler = (void (*)(int))lsa->lsa_handler;
	native_sigset(lsa->lsa_mask, &sa->sa_mask);
	for (size_t i = 0; i < __arraycount(action_flags); i++)
		if ((lsa->lsa_flags & action_flags[i].foreign) != 0)
			sa->sa_flags |= action_flags[i].native;
}

static void
linux_action(const struct sigaction *sa, void *restorer, struct linux_sigaction *lsa)
{
	memset(lsa, 0, sizeof(*lsa));
	lsa->lsa_handler = (void *)sa->sa_handler;
	lsa->lsa_mask = linux_sigset(&sa->sa_mask);
	for (size_t i = 0; i < __arraycount(action_flags); i++)
		if ((sa->sa_flags & action_flags[i].native) != 0)
			lsa->lsa_flags |= action_flags[i].foreign;
	if (restorer != NULL) {
		lsa->lsa_flags |= LINUX_SA_RESTORER;
		lsa->lsa_restorer = restorer;
	}
}

/* rt_sigaction(signo, new, old, bytes of a set) */
LINUX_CALL(rt_sigaction)
{
	int signo = native_signo(ARG(0, int)), error;
	const void *nsa = ARG(1, const void *);
	void *osa = ARG(2, void *), **restorer;
	struct linux_sigaction new, old;
	struct sigaction sa, before;

	if (signo == 0 || ARG(3, size_t) != sizeof(linux_sigset_t))
		return EINVAL;
	if (nsa != NULL) {
		if ((error = copyin(nsa, &new, sizeof(new))) != 0)
			return error;
		native_action(&new, &sa);
	}
	if ((error = sigaction1(l, signo, nsa != NULL ? &sa : NULL, &before, NULL, 0)) != 0)
		return error;
	restorer = &LINUX_DATA(l->l_proc)->restorer[signo];
	linux_action(&before, *restorer, &old);
	if (nsa != NULL)
		*restorer = (new.lsa_flags & LINUX_SA_RESTORER) != 0 ? new.lsa_restorer : NULL;
	return osa != NULL ? copyout(&old, osa, sizeof(old)) : 0;
}

/* rt_sigprocmask(how, new, old, bytes of a set) */
LINUX_CALL(rt_sigprocmask)
{
	static const int hows[] = {
		[LINUX_SIG_BLOCK] = SIG_BLOCK, [LINUX_SIG_UNBLOCK] = SIG_UNBLOCK, [LINUX_SIG_SETMASK] = SIG_SETMASK,
	};
	u_int how = ARG(0, u_int);
	const void *new = ARG(1, const void *);
	void *old = ARG(2, void *);
	sigset_t set, before;
	linux_sigset_t foreign;
	int error;

	if (ARG(3, size_t) != sizeof(linux_sigset_t))
		return EINVAL;
	if (new != NULL) {
		if (how >= __arraycount(hows))
			return EINVAL;
		if ((error = copyin_sigset(new, sizeof(foreign), &set)) != 0)
			return error;
	}
	if ((error = sigprocmask1(l, new != NULL ? hows[how] : 0, new != NULL ? &set : NULL, &before)) != 0)
		return error;
	foreign = linux_sigset(&before);
	return old != NULL ? copyout(&foreign, old, sizeof(foreign)) : 0;
}

/* rt_sigpending(set, its bytes) */
LINUX_CALL(rt_sigpending)
{
	sigset_t set;
	linux_sigset_t foreign;

	if (ARG(1, size_t) > sizeof(foreign))
		return EINVAL;
	sigpending1(l, &set);
	foreign = linux_sigset(&set);
	return copyout(&foreign, ARG(0, void *), ARG(1, size_t));
}

/* rt_sigsuspend(set, its bytes) */
LINUX_CALL(rt_sigsuspend)
{
	sigset_t set;
	int error = copyin_sigset(ARG(0, const void *), ARG(1, size_t), &set);

	return error != 0 ? error : sigsuspend1(l, &set);
}

/* pause() */
LINUX_CALL(pause)
{
	sigset_t now;

	(void)sigprocmask1(l, 0, NULL, &now);
	return sigsuspend1(l, &now);
}

/* sigaltstack(new, old) */
LINUX_CALL(sigaltstack)
{
	const void *new = ARG(0, const void *);
	void *old = ARG(1, void *);
	struct linux_stack foreign;
	struct sigaltstack ss, before;
	int error;

	if (new != NULL) {
		if ((error = copyin(new, &foreign, sizeof(foreign))) != 0)
			return error;
		ss.ss_sp = foreign.ss_sp;
		ss.ss_size = foreign.ss_size;
		ss.ss_flags = (foreign.ss_flags & LINUX_SS_DISABLE) != 0 ? SS_DISABLE : 0;
	}
	if ((error = sigaltstack1(l, new != NULL ? &ss : NULL, &before)) != 0 || old == NULL)
		return error;
	memset(&foreign, 0, sizeof(foreign));
	foreign.ss_sp = before.ss_sp;
	foreign.ss_size = before.ss_size;
	foreign.ss_flags = ((before.ss_flags & SS_ONSTACK) != 0 ? LINUX_SS_ONSTACK : 0) |
	    ((before.ss_flags & SS_DISABLE) != 0 ? LINUX_SS_DISABLE : 0);
	return copyout(&foreign, old, sizeof(foreign));
}

/* kill(pid, signo): 0 only asks whether it could. */
LINUX_CALL(kill)
{
	int foreign = ARG(1, int), signo = native_signo(foreign);

	if (foreign != 0 && signo == 0)
		return EINVAL;
	return NATIVE(sys_kill, l, retval, ARG(0, register_t), signo);
}

/* tkill(thread, signo): a process has one thread, of its own number. */
LINUX_CALL(tkill)
{
	return ARG(0, int) > 0 ? linux_sys_kill(l, v, retval) : EINVAL;
}

/* tgkill(process, thread, signo) */
LINUX_CALL(tgkill)
{
	if (ARG(0, int) <= 0 || ARG(1, int) <= 0)
		return EINVAL;
	return ARG(0, int) == ARG(1, int) ? linux_sys_kill(l, &((const register_t *)v)[1], retval) : ESRCH;
}
