/* <sys/syscall_old.h>: older names of calls in <sys/syscall.h>, which includes it: NetBSD before 3.0, OpenBSD. */

#ifndef _SYS_SYSCALL_OLD_H_
#define _SYS_SYSCALL_OLD_H_

#include <sys/cdefs.h>

#if __LKM_API < 400
#define SYS_socket		SYS___socket30
#define sys_socket_args		sys___socket30_args
#if defined(__OpenBSD__)
/* The entries are NetBSD 5.2's, and there is no basep. */
#define SYS_getdirentries	SYS___getdents30
#define sys_getdirentries	sys___getdents30
#define sys_getdirentries_args	sys___getdents30_args
#define SYS_stat		SYS___stat30
#define sys_stat		sys___stat30
#define sys_stat_args		sys___stat30_args
#define SYS_fstat		SYS___fstat30
#define sys_fstat		sys___fstat30
#define sys_fstat_args		sys___fstat30_args
#define SYS_lstat		SYS___lstat30
#define sys_lstat		sys___lstat30
#define sys_lstat_args		sys___lstat30_args
#else
#define SYS_getdents		SYS___getdents30
#define sys_getdents		sys___getdents30
#define sys_getdents_args	sys___getdents30_args
#define SYS___stat13		SYS___stat30
#define sys___stat13		sys___stat30
#define sys___stat13_args	sys___stat30_args
#define SYS___fstat13		SYS___fstat30
#define sys___fstat13		sys___fstat30
#define sys___fstat13_args	sys___fstat30_args
#define SYS___lstat13		SYS___lstat30
#define sys___lstat13		sys___lstat30
#define sys___lstat13_args	sys___lstat30_args
#endif
#endif

#endif
