/*
 * linux.h: what Linux programs of amd64 and i386 expect of their kernel: numbers, flags and layouts.
 *
 * Everything here is prefixed: a source of this module includes the kernel's own headers too. The two machines share
 * most numbers; where a layout differs, it is long and pointers that differ, or an #ifdef says how.
 */

#ifndef _LINUX_H_
#define _LINUX_H_

#include <sys/types.h>

/* Calls that take a directory. */
#define LINUX_AT_FDCWD			(-100)
#define LINUX_AT_SYMLINK_NOFOLLOW	0x0100
#define LINUX_AT_REMOVEDIR		0x0200
#define LINUX_AT_EMPTY_PATH		0x1000

/* open */
#define LINUX_O_CREAT		00000100
#define LINUX_O_EXCL		00000200
#define LINUX_O_NOCTTY		00000400
#define LINUX_O_TRUNC		00001000
#define LINUX_O_APPEND		00002000
#define LINUX_O_NONBLOCK	00004000
#define LINUX_O_DSYNC		00010000
#define LINUX_O_ASYNC		00020000
#define LINUX_O_DIRECT		00040000
#define LINUX_O_LARGEFILE	00100000
#define LINUX_O_DIRECTORY	00200000
#define LINUX_O_NOFOLLOW	00400000
#define LINUX_O_CLOEXEC		02000000
#define LINUX_O_SYNC		04000000	/* with LINUX_O_DSYNC */

/* fcntl */
#define LINUX_F_DUPFD		0
#define LINUX_F_GETFD		1
#define LINUX_F_SETFD		2
#define LINUX_F_GETFL		3
#define LINUX_F_SETFL		4
#define LINUX_F_DUPFD_CLOEXEC	1030

/* ioctl */
#define LINUX_TCGETS		0x5401
#define LINUX_TCSETS		0x5402
#define LINUX_TCSETSW		0x5403
#define LINUX_TCSETSF		0x5404
#define LINUX_TIOCGPGRP		0x540f
#define LINUX_TIOCSPGRP		0x5410
#define LINUX_TIOCGWINSZ	0x5413
#define LINUX_TIOCSWINSZ	0x5414
#define LINUX_FIONREAD		0x541b
#define LINUX_FIONBIO		0x5421
#define LINUX_FIONCLEX		0x5450
#define LINUX_FIOCLEX		0x5451

/* Memory. The PROT bits, MAP_SHARED, MAP_PRIVATE and MAP_FIXED are the same everywhere. */
#define LINUX_MAP_ANONYMOUS		0x000020
#define LINUX_MAP_FIXED_NOREPLACE	0x100000
#define LINUX_MREMAP_MAYMOVE		1

/* Processes */
#define LINUX_CSIGNAL			0x000000ff
#define LINUX_CLONE_VM			0x00000100
#define LINUX_CLONE_VFORK		0x00004000
#define LINUX_CLONE_THREAD		0x00010000
#define LINUX_CLONE_SETTLS		0x00080000
#define LINUX_CLONE_PARENT_SETTID	0x00100000
#define LINUX_CLONE_CHILD_CLEARTID	0x00200000
#define LINUX_CLONE_CHILD_SETTID	0x01000000
#define LINUX_WNOHANG			0x00000001
#define LINUX_WUNTRACED			0x00000002
#define LINUX_WCONTINUED		0x00000008
#define LINUX_WALLCHILDREN		0xe0000000u	/* __WALL, __WCLONE, __WNOTHREAD */

#define LINUX_PR_SET_NAME	15
#define LINUX_PR_GET_NAME	16
#define LINUX_COMM		16	/* bytes of a name, its NUL included */

#define LINUX_ARCH_SET_GS	0x1001
#define LINUX_ARCH_SET_FS	0x1002
#define LINUX_ARCH_GET_FS	0x1003
#define LINUX_ARCH_GET_GS	0x1004

#define LINUX_FUTEX_WAIT	0
#define LINUX_FUTEX_WAKE	1
#define LINUX_FUTEX_COMMAND	0x7f

#define LINUX_RLIMIT_CPU	0
#define LINUX_RLIMIT_FSIZE	1
#define LINUX_RLIMIT_DATA	2
#define LINUX_RLIMIT_STACK	3
#define LINUX_RLIMIT_CORE	4
#define LINUX_RLIMIT_RSS	5
#define LINUX_RLIMIT_NPROC	6
#define LINUX_RLIMIT_NOFILE	7
#define LINUX_RLIMIT_MEMLOCK	8
#define LINUX_RLIMIT_AS		9
#define LINUX_RLIM_NLIMITS	16

/* Clocks */
#define LINUX_CLOCK_REALTIME		0
#define LINUX_CLOCK_MONOTONIC		1
#define LINUX_CLOCK_PROCESS_CPUTIME	2
#define LINUX_CLOCK_THREAD_CPUTIME	3
#define LINUX_CLOCK_MONOTONIC_RAW	4
#define LINUX_CLOCK_REALTIME_COARSE	5
#define LINUX_CLOCK_MONOTONIC_COARSE	6
#define LINUX_CLOCK_BOOTTIME		7
#define LINUX_TIMER_ABSTIME		1

/* Signals */
#define LINUX_NSIG		64
#define LINUX_SIGHUP		1
#define LINUX_SIGINT		2
#define LINUX_SIGQUIT		3
#define LINUX_SIGILL		4
#define LINUX_SIGTRAP		5
#define LINUX_SIGABRT		6
#define LINUX_SIGBUS		7
#define LINUX_SIGFPE		8
#define LINUX_SIGKILL		9
#define LINUX_SIGUSR1		10
#define LINUX_SIGSEGV		11
#define LINUX_SIGUSR2		12
#define LINUX_SIGPIPE		13
#define LINUX_SIGALRM		14
#define LINUX_SIGTERM		15
#define LINUX_SIGSTKFLT		16
#define LINUX_SIGCHLD		17
#define LINUX_SIGCONT		18
#define LINUX_SIGSTOP		19
#define LINUX_SIGTSTP		20
#define LINUX_SIGTTIN		21
#define LINUX_SIGTTOU		22
#define LINUX_SIGURG		23
#define LINUX_SIGXCPU		24
#define LINUX_SIGXFSZ		25
#define LINUX_SIGVTALRM		26
#define LINUX_SIGPROF		27
#define LINUX_SIGWINCH		28
#define LINUX_SIGIO		29
#define LINUX_SIGPWR		30
#define LINUX_SIGSYS		31
#define LINUX_SIGRTMIN		32

#define LINUX_SA_NOCLDSTOP	0x00000001
#define LINUX_SA_NOCLDWAIT	0x00000002
#define LINUX_SA_SIGINFO	0x00000004
#define LINUX_SA_RESTORER	0x04000000
#define LINUX_SA_ONSTACK	0x08000000
#define LINUX_SA_RESTART	0x10000000
#define LINUX_SA_NODEFER	0x40000000
#define LINUX_SA_RESETHAND	0x80000000u

#define LINUX_SIG_BLOCK		0
#define LINUX_SIG_UNBLOCK	1
#define LINUX_SIG_SETMASK	2

typedef uint64_t	linux_sigset_t;

/* rt_sigaction's own struct, which libraries fill from their users'. */
struct linux_sigaction {
	void		*lsa_handler;
	unsigned long	 lsa_flags;
	void		*lsa_restorer;
	linux_sigset_t	 lsa_mask;
};

struct linux_stack {
	void	*ss_sp;
	int	 ss_flags;
	size_t	 ss_size;
};
#define LINUX_SS_ONSTACK	1
#define LINUX_SS_DISABLE	2

struct linux_siginfo {
	int	lsi_signo;
	int	lsi_errno;
	int	lsi_code;
	union {
		void	*_addr;
		struct {
			int	_pid;
			int	_uid;
			int	_status;
		} _child;
		int	_pad[(128 - 4 * sizeof(int)) / sizeof(int)];
	} lsi_u;
#ifndef __LP64__
	int	lsi_end;
#endif
};

/* What files are. */
#ifdef __LP64__
struct linux_stat {
	uint64_t	st_dev;
	uint64_t	st_ino;
	uint64_t	st_nlink;
	uint32_t	st_mode;
	uint32_t	st_uid;
	uint32_t	st_gid;
	uint32_t	st_pad;
	uint64_t	st_rdev;
	int64_t		st_size;
	int64_t		st_blksize;
	int64_t		st_blocks;
	uint64_t	st_atime_sec, st_atime_nsec;
	uint64_t	st_mtime_sec, st_mtime_nsec;
	uint64_t	st_ctime_sec, st_ctime_nsec;
	int64_t		st_unused[3];
};
#else
struct linux_stat {		/* of stat64 */
	uint64_t	st_dev;
	uint32_t	st_pad0;
	uint32_t	st_ino32;
	uint32_t	st_mode;
	uint32_t	st_nlink;
	uint32_t	st_uid;
	uint32_t	st_gid;
	uint64_t	st_rdev;
	uint32_t	st_pad3;
	int64_t		st_size;
	uint32_t	st_blksize;
	uint64_t	st_blocks;
	uint32_t	st_atime_sec, st_atime_nsec;
	uint32_t	st_mtime_sec, st_mtime_nsec;
	uint32_t	st_ctime_sec, st_ctime_nsec;
	uint64_t	st_ino;
};
#endif

struct linux_statx_time {
	int64_t		tv_sec;
	uint32_t	tv_nsec;
	int32_t		tv_pad;
};
struct linux_statx {
	uint32_t	stx_mask;
	uint32_t	stx_blksize;
	uint64_t	stx_attributes;
	uint32_t	stx_nlink;
	uint32_t	stx_uid;
	uint32_t	stx_gid;
	uint16_t	stx_mode;
	uint16_t	stx_pad;
	uint64_t	stx_ino;
	uint64_t	stx_size;
	uint64_t	stx_blocks;
	uint64_t	stx_attributes_mask;
	struct linux_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t	stx_rdev_major, stx_rdev_minor;
	uint32_t	stx_dev_major, stx_dev_minor;
	uint64_t	stx_mnt_id;
	uint64_t	stx_spare[13];
};
#define LINUX_STATX_BASIC_STATS	0x07ff
#define LINUX_STATX_BTIME	0x0800

struct linux_dirent64 {
	uint64_t	d_ino;
	int64_t		d_off;
	uint16_t	d_reclen;
	uint8_t		d_type;		/* the same numbers everywhere */
	char		d_name[];
};
#define LINUX_DIRENT64_HEAD	19	/* where d_name begins: the struct's size is rounded up */

/* Time: seconds of 64 bits, and of a long. */
struct linux_timespec64 {
	int64_t	tv_sec;
	int64_t	tv_nsec;
};
struct linux_timespec {
	long	tv_sec;
	long	tv_nsec;
};
struct linux_timeval {
	long	tv_sec;
	long	tv_usec;
};

struct linux_rlimit64 {
	uint64_t	rlim_cur;
	uint64_t	rlim_max;
};
struct linux_rlimit {
	unsigned long	rlim_cur;
	unsigned long	rlim_max;
};

/* Of wait4: user and system time, then fourteen counts. */
struct linux_rusage {
	struct linux_timeval	ru_utime;
	struct linux_timeval	ru_stime;
	long			ru_counts[14];
};

#define LINUX_UTSLEN	65
struct linux_utsname {
	char	sysname[LINUX_UTSLEN];
	char	nodename[LINUX_UTSLEN];
	char	release[LINUX_UTSLEN];
	char	version[LINUX_UTSLEN];
	char	machine[LINUX_UTSLEN];
	char	domainname[LINUX_UTSLEN];
};

struct linux_sysinfo {
	long		uptime;
	unsigned long	loads[3];
	unsigned long	totalram, freeram, sharedram, bufferram;
	unsigned long	totalswap, freeswap;
	uint16_t	procs;
	unsigned long	totalhigh, freehigh;
	uint32_t	mem_unit;
#ifndef __LP64__
	char		pad[8];
#endif
};

/* Terminals: c_cc has 19 places here. */
#define LINUX_NCCS	19
struct linux_termios {
	uint32_t	c_iflag;
	uint32_t	c_oflag;
	uint32_t	c_cflag;
	uint32_t	c_lflag;
	uint8_t		c_line;
	uint8_t		c_cc[LINUX_NCCS];
};

/* set_thread_area of i386. */
struct linux_user_desc {
	uint32_t	entry_number;
	uint32_t	base_addr;
	uint32_t	limit;
	uint32_t	flags;
};

/* The auxiliary vector: the types that differ from those of other ELF systems, or that those lack. */
#define LINUX_AT_NULL		0
#define LINUX_AT_PHDR		3
#define LINUX_AT_PHENT		4
#define LINUX_AT_PHNUM		5
#define LINUX_AT_PAGESZ		6
#define LINUX_AT_BASE		7
#define LINUX_AT_FLAGS		8
#define LINUX_AT_ENTRY		9
#define LINUX_AT_UID		11
#define LINUX_AT_EUID		12
#define LINUX_AT_GID		13
#define LINUX_AT_EGID		14
#define LINUX_AT_PLATFORM	15
#define LINUX_AT_HWCAP		16
#define LINUX_AT_CLKTCK		17
#define LINUX_AT_SECURE		23
#define LINUX_AT_RANDOM		25
#define LINUX_AT_EXECFN		31

#endif
