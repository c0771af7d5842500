/* <sys/siginfo.h>: what a signal says besides its number. */

#ifndef _SYS_SIGINFO_H_
#define _SYS_SIGINFO_H_

#include <sys/types.h>
#ifdef _KERNEL
#include <sys/queue.h>
#endif

typedef union sigval {
	int	 sival_int;
	void	*sival_ptr;
} sigval_t;

struct _ksiginfo {
	int	_signo;
	int	_code;
	int	_errno;
#ifdef __LP64__
	int	_pad;
#endif
	union {
		struct { pid_t _pid; uid_t _uid; sigval_t _value; } _rt;
		struct { pid_t _pid; uid_t _uid; int _status; unsigned int _utime, _stime; } _child;
		struct { void *_addr; int _trap; } _fault;
		struct { long _band; int _fd; } _poll;
	} _reason;
};

typedef union siginfo {
	char			si_pad[128];
	struct _ksiginfo	_info;
} siginfo_t __attribute__((__aligned__(8)));

#define si_signo	_info._signo
#define si_code		_info._code
#define si_errno	_info._errno
#define si_value	_info._reason._rt._value
#define si_pid		_info._reason._child._pid
#define si_uid		_info._reason._child._uid
#define si_status	_info._reason._child._status
#define si_addr		_info._reason._fault._addr
#define si_trap		_info._reason._fault._trap

#define SI_USER		0
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_NOINFO	32767
#define ILL_ILLOPC	1
#define FPE_INTDIV	1
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define TRAP_BRKPT	1
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_STOPPED	5

#ifdef _KERNEL
typedef struct ksiginfo {
	u_long			ksi_flags;
	CIRCLEQ_ENTRY(ksiginfo)	ksi_list;
	struct _ksiginfo	ksi_info;
	lwpid_t			ksi_lid;
} ksiginfo_t;

#define KSI_TRAP	0x01	/* for what the process itself did */

#define ksi_signo	ksi_info._signo
#define ksi_code	ksi_info._code
#define ksi_errno	ksi_info._errno
#define ksi_value	ksi_info._reason._rt._value
#define ksi_pid		ksi_info._reason._child._pid
#define ksi_uid		ksi_info._reason._child._uid
#define ksi_status	ksi_info._reason._child._status
#define ksi_addr	ksi_info._reason._fault._addr
#define ksi_trap	ksi_info._reason._fault._trap
#endif

#endif
