/* <sys/resource.h>, with the functions. */

#ifndef _USER_SYS_RESOURCE_H_
#define _USER_SYS_RESOURCE_H_

#include_next <sys/resource.h>

int	getrlimit(int, struct rlimit *);
int	getpriority(int, id_t);
int	setpriority(int, id_t, int);
int	getrusage(int, struct rusage *);
int	setrlimit(int, const struct rlimit *);

#endif
