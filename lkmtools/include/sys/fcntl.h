/* <sys/fcntl.h>: flags of open(2) and fcntl(2), and how the kernel keeps them. */

#ifndef _SYS_FCNTL_H_
#define _SYS_FCNTL_H_

#include <sys/types.h>

#define O_RDONLY        0x00000000
#define O_WRONLY        0x00000001
#define O_RDWR          0x00000002
#define O_ACCMODE       0x00000003
#define O_NONBLOCK      0x00000004
#define O_APPEND        0x00000008
#define O_SHLOCK        0x00000010
#define O_EXLOCK        0x00000020
#define O_ASYNC         0x00000040
#define O_SYNC          0x00000080
#define O_NOFOLLOW      0x00000100
#define O_CREAT         0x00000200
#define O_TRUNC         0x00000400
#define O_EXCL          0x00000800
#define O_NOCTTY        0x00008000
#define O_DSYNC         0x00010000
#define O_RSYNC         0x00020000
#define O_ALT_IO        0x00040000
#define O_DIRECT        0x00080000
#define O_DIRECTORY     0x00200000
#define O_CLOEXEC       0x00400000
#define O_NDELAY        O_NONBLOCK

/* The kernel's f_flag: open(2) flags plus one, so that reading and writing are bits. */
#define FREAD           0x00000001
#define FWRITE          0x00000002
#define FKIOCTL         0x80000000      /* an ioctl of the kernel itself */
#define FFLAGS(oflags)  ((oflags) + 1)
#define OFLAGS(fflags)  ((fflags) - 1)
#define FAPPEND         O_APPEND
#define FASYNC          O_ASYNC
#define FFSYNC          O_SYNC
#define FNONBLOCK       O_NONBLOCK
#define FNDELAY         O_NONBLOCK
#define FNOCTTY         O_NOCTTY
#define FDSYNC          O_DSYNC
#define FRSYNC          O_RSYNC
#define FALTIO          O_ALT_IO
#define FDIRECT         O_DIRECT
#define FMASK           (FAPPEND | FASYNC | FFSYNC | FNONBLOCK | FDSYNC | FRSYNC | FALTIO | FDIRECT)

#define F_DUPFD         0
#define F_GETFD         1
#define F_SETFD         2
#define F_GETFL         3
#define F_SETFL         4
#define F_GETOWN        5
#define F_SETOWN        6
#define F_GETLK         7
#define F_SETLK         8
#define F_SETLKW        9
#define F_CLOSEM        10
#define F_MAXFD         11
#define F_DUPFD_CLOEXEC 12
#define FD_CLOEXEC      1

#define F_RDLCK         1
#define F_UNLCK         2
#define F_WRLCK         3

struct flock {
	off_t	l_start;
	off_t	l_len;		/* 0: to the end of the file */
	pid_t	l_pid;
	short	l_type;		/* F_RDLCK ... */
	short	l_whence;
};

/* flock(2) */
#define LOCK_SH         0x01
#define LOCK_EX         0x02
#define LOCK_NB         0x04
#define LOCK_UN         0x08

#endif
