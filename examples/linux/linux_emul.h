/*
 * linux_emul.h: what the sources of compat_linux share.
 *
 * A foreign call is a function like a native one, sy_call_t: its arguments are words, which ARG() reads, and it answers
 * a native errno, which linux_syscall() translates. Where the native call wants the same words, it stands in the table
 * itself; where it wants others, NATIVE() calls it with those; where it wants structs, they are put into the program's
 * stack gap (<compat/common/compat_util.h>), for native calls read the program's memory only.
 */

#ifndef _LINUX_EMUL_H_
#define _LINUX_EMUL_H_

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/signal.h>
#include <sys/syscallargs.h>
#include <compat/common/compat_util.h>
#include <machine/frame.h>

#include "linux.h"

/* The n-th argument of a call, counted from 0, and a 64-bit one that begins there. */
#define ARG(n, type)	((type)((const register_t *)v)[n])
#ifdef __LP64__
#define ARG64(n)	ARG(n, uint64_t)
#else
#define ARG64(n)	((uint64_t)ARG(n, uint32_t) | (uint64_t)ARG((n) + 1, uint32_t) << 32)
#endif

/* Call a native system call with these words: W() makes one of a pointer, QUAD() one or two of a 64-bit number. */
#define NATIVE(call, l, retval, ...)	((call)((l), (const register_t []){ __VA_ARGS__ }, (retval)))
#define W(x)		((register_t)(x))
#ifdef __LP64__
#define QUAD(x)		((register_t)(x))
#else
#define QUAD(x)		((register_t)(x)), ((register_t)((uint64_t)(x) >> 32))
#endif

/* What a Linux process has besides: p_emuldata. */
struct linux_emuldata {
	char	 exe[MAXPATHLEN];	/* the program's name, which it knows as /proc/self/exe */
	vaddr_t	 brk;			/* where its break is now */
	void	*restorer[NSIG];	/* signal trampolines, by native number; NULL: the module's own */
};
#define LINUX_DATA(p)	((struct linux_emuldata *)(p)->p_emuldata)

/* The machine's tables. */
#define LINUX_NOSYS	451		/* stands for all numbers from here on */
#define LINUX_NSYSENT	(LINUX_NOSYS + 1)
extern const struct sysent	linux_sysent[];
extern const char * const	linux_syscallnames[];
extern char			linux_sigcode[], linux_esigcode[];
extern const char		linux_platform[];

/* linux_machdep_*.c */
void	linux_syscall(struct trapframe *);
void	linux_sendsig(const struct ksiginfo *, const sigset_t *);

/* linux_errno.c */
extern const int	linux_errno[];		/* by native number, not negated */
int	linux_result(int error);

/* linux_signal.c */
int	linux_signo(int native);
int	native_signo(int foreign);
linux_sigset_t	linux_sigset(const sigset_t *);
void	native_sigset(linux_sigset_t, sigset_t *);
void	linux_siginfo(const struct ksiginfo *, struct linux_siginfo *);

/* linux_file.c */
const char *linux_name(struct lwp *, const char *, void **);
struct linux_at {
	char	*cwd;		/* where to go back to; NULL: nowhere */
};
int	linux_at_enter(struct lwp *, int, const char *, void **, struct linux_at *);
void	linux_at_leave(struct lwp *, struct linux_at *);


/* linux_process.c, linux_memory.c: what the machines give these calls in different orders. */
int	linux_clone(struct lwp *, u_long, void *, int *, int *, register_t *);
int	linux_mmap(struct lwp *, vaddr_t, size_t, int, int, int, off_t, register_t *);
int	linux_getrlimit(struct lwp *, int, struct linux_rlimit64 *);

/* linux_process.c, linux_time.c: what other files need. */
struct rusage;
struct timespec;
void	linux_usage(const struct rusage *, struct linux_rusage *);
int	linux_copyin_time(const void *, bool, struct timespec *);
int	linux_copyout_time(const struct timespec *, void *, bool);

/* Each call's definition, and below their declarations. */
#define LINUX_CALL(name)	int linux_sys_ ## name(struct lwp *l, const void *v, register_t *retval)

/* linux_file.c */
LINUX_CALL(open); LINUX_CALL(openat); LINUX_CALL(creat); LINUX_CALL(mkdirat); LINUX_CALL(unlinkat);
LINUX_CALL(fchmodat); LINUX_CALL(fchownat); LINUX_CALL(access); LINUX_CALL(faccessat); LINUX_CALL(symlinkat);
LINUX_CALL(renameat); LINUX_CALL(renameat2); LINUX_CALL(linkat); LINUX_CALL(readlink); LINUX_CALL(readlinkat);
LINUX_CALL(truncate); LINUX_CALL(ftruncate); LINUX_CALL(truncate64); LINUX_CALL(ftruncate64); LINUX_CALL(lseek);
LINUX_CALL(pread64); LINUX_CALL(pwrite64); LINUX_CALL(fcntl); LINUX_CALL(pipe); LINUX_CALL(pipe2); LINUX_CALL(dup3);
LINUX_CALL(getcwd); LINUX_CALL(advice);
/* linux_stat.c */
LINUX_CALL(stat); LINUX_CALL(lstat); LINUX_CALL(fstat); LINUX_CALL(newfstatat); LINUX_CALL(statx);
LINUX_CALL(getdents64);
/* linux_memory.c */
LINUX_CALL(brk); LINUX_CALL(mremap);
/* linux_process.c */
LINUX_CALL(fork); LINUX_CALL(vfork); LINUX_CALL(execve); LINUX_CALL(exit); LINUX_CALL(wait4); LINUX_CALL(waitpid);
LINUX_CALL(gettid); LINUX_CALL(set_robust_list); LINUX_CALL(rseq); LINUX_CALL(getuid); LINUX_CALL(geteuid);
LINUX_CALL(getgid); LINUX_CALL(getegid); LINUX_CALL(getresuid); LINUX_CALL(getresgid); LINUX_CALL(setresuid);
LINUX_CALL(setresgid); LINUX_CALL(getpgrp); LINUX_CALL(sched_getaffinity); LINUX_CALL(futex);
/* linux_signal.c */
LINUX_CALL(rt_sigaction); LINUX_CALL(rt_sigprocmask); LINUX_CALL(rt_sigpending); LINUX_CALL(rt_sigsuspend);
LINUX_CALL(pause); LINUX_CALL(sigaltstack); LINUX_CALL(kill); LINUX_CALL(tkill); LINUX_CALL(tgkill);
/* linux_time.c */
LINUX_CALL(clock_gettime); LINUX_CALL(clock_gettime64); LINUX_CALL(clock_getres); LINUX_CALL(clock_getres64);
LINUX_CALL(nanosleep); LINUX_CALL(clock_nanosleep); LINUX_CALL(clock_nanosleep64); LINUX_CALL(gettimeofday);
LINUX_CALL(time); LINUX_CALL(times); LINUX_CALL(ppoll); LINUX_CALL(ppoll64);
/* linux_timer.c */
LINUX_CALL(select); LINUX_CALL(pselect6); LINUX_CALL(pselect6_time64); LINUX_CALL(getitimer); LINUX_CALL(setitimer);
LINUX_CALL(alarm); LINUX_CALL(getrusage);
/* linux_ioctl.c */
LINUX_CALL(ioctl);
/* linux_misc.c */
LINUX_CALL(nosys); LINUX_CALL(uname); LINUX_CALL(sysinfo); LINUX_CALL(prlimit64); LINUX_CALL(getrlimit); LINUX_CALL(prctl);
LINUX_CALL(getrandom);
/* linux_machdep_*.c */
LINUX_CALL(rt_sigreturn); LINUX_CALL(clone);
#ifdef __LP64__
LINUX_CALL(arch_prctl); LINUX_CALL(mmap);
#else
LINUX_CALL(sigreturn); LINUX_CALL(set_thread_area); LINUX_CALL(mmap2); LINUX_CALL(_llseek); LINUX_CALL(ugetrlimit);
#endif

#endif
