/* <sys/sysctl.h>, with the function. */

#ifndef _USER_SYS_SYSCTL_H_
#define _USER_SYS_SYSCTL_H_

#include_next <sys/sysctl.h>

int	sysctlbyname(const char *, void *, size_t *, const void *, size_t);
int	sysctlnametomib(const char *, int *, size_t *);
int	sysctl(const int *, u_int, void *, size_t *, const void *, size_t);

#endif
