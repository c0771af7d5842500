/* <sys/ptrace.h>: ptrace(2): one process watches another. */

#ifndef _SYS_PTRACE_H_
#define _SYS_PTRACE_H_

#include <sys/types.h>

#define PT_TRACE_ME	0
#define PT_READ_I	1
#define PT_READ_D	2
#define PT_WRITE_I	4
#define PT_WRITE_D	5
#define PT_CONTINUE	7
#define PT_KILL		8
#define PT_ATTACH	9
#define PT_DETACH	10
#define PT_IO		11
#define PT_DUMPCORE	12
#define PT_LWPINFO	13
#define PT_SYSCALL	14
#define PT_FIRSTMACH	32

struct ptrace_io_desc {
	int	 piod_op;
	void	*piod_offs;
	void	*piod_addr;
	size_t	 piod_len;
};
#define PIOD_READ_D	1
#define PIOD_WRITE_D	2
#define PIOD_READ_I	3
#define PIOD_WRITE_I	4

struct ptrace_lwpinfo {
	lwpid_t	pl_lwpid;
	int	pl_event;
};
#define PL_EVENT_NONE	0
#define PL_EVENT_SIGNAL	1

#endif
