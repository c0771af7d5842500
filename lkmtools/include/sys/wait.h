/* <sys/wait.h>: what wait4(2) says of a process that ended. */

#ifndef _SYS_WAIT_H_
#define _SYS_WAIT_H_

#include <sys/types.h>

#define WNOHANG		1
#define WUNTRACED	2
#define _WSTATUS(s)	((s) & 0177)
#define _WSTOPPED	0177
#define WTERMSIG(s)	_WSTATUS(s)
#define WIFEXITED(s)	(_WSTATUS(s) == 0)
#define WEXITSTATUS(s)	(((s) >> 8) & 0377)
#define WIFSIGNALED(s)	(_WSTATUS(s) != 0 && _WSTATUS(s) != _WSTOPPED)
#define WCOREFLAG	0200
#define WCOREDUMP(s)	(((s) & WCOREFLAG) != 0)
#define WIFSTOPPED(s)	(_WSTATUS(s) == _WSTOPPED)
#define WSTOPSIG(s)	(((s) >> 8) & 0377)
#define W_EXITCODE(ret, sig)	((ret) << 8 | (sig))

#ifdef _KERNEL
struct lwp;
struct rusage;

/*
 * wait4(2) without the process's memory: *pid is whom to wait for, then who it was (0: nobody yet, with WNOHANG).
 * ru may be NULL; *was_zombie says that the child is gone.
 */
int	do_sys_wait(struct lwp *l, int *pid, int *status, int options, struct rusage *ru, int *was_zombie);
#endif

#endif
