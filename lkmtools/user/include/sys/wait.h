/* <sys/wait.h>, with the functions. */

#ifndef _USER_SYS_WAIT_H_
#define _USER_SYS_WAIT_H_

#include_next <sys/wait.h>

pid_t	wait(int *);
pid_t	waitpid(pid_t, int *, int);
struct rusage;
pid_t	wait3(int *, int, struct rusage *);
pid_t	wait4(pid_t, int *, int, struct rusage *);

#endif
