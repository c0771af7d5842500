/* <sys/wait.h> */

#ifndef _SYS_WAIT_H_
#define _SYS_WAIT_H_

#include <sys/types.h>

#define WNOHANG		1
#define WUNTRACED	2
#define WTERMSIG(s)	((s) & 0177)
#define WIFEXITED(s)	(WTERMSIG(s) == 0)
#define WEXITSTATUS(s)	(((s) >> 8) & 0377)
#define WIFSIGNALED(s)	(WTERMSIG(s) != 0 && WTERMSIG(s) != 0177)

pid_t	wait(int *);
pid_t	waitpid(pid_t, int *, int);
pid_t	wait4(pid_t, int *, int, void *);

#endif
