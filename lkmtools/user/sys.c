/* System calls by name, and what is made of them. */

#include "library.h"

#include <sys/types.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/termios.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

WEAK(fork) WEAK(pipe) WEAK(pread) WEAK(pwrite) WEAK(ftruncate) WEAK(truncate) WEAK(lseek) WEAK(getcwd) WEAK(killpg) WEAK(raise)
WEAK(execv) WEAK(waitpid) WEAK(wait) WEAK(mmap) WEAK(sigaction) WEAK(signal) WEAK(alarm) WEAK(pause) WEAK(sleep) WEAK(usleep)
WEAK(time) WEAK(wait3) WEAK(nice) WEAK(utime) WEAK(times) WEAK(statvfs) WEAK(fstatvfs)
WEAK(isatty) WEAK(_exit) WEAK(brk) WEAK(sbrk) WEAK(creat)

#ifdef __LP64__
#define QUAD(x)		(long)(x)
#define TRAP		"	movq	%rcx, %r10\n	syscall\n"
#else
#define QUAD(x)		(long)(x), (long)((x) >> 32)
#define TRAP		"	int	$0x80\n"
#endif

/* A call whose arguments in C are those of the system call: they lie where the kernel looks for them. */
#define STUB(name, number)	STUB1(name, number)
#define STUB1(name, number) \
	__asm__(".weak " #name "\n	.type " #name ", @function\n" #name ":\n" \
	    "	movl	$" #number ", %eax\n" TRAP "	jc	__cerror\n	ret\n");

STUB(read, SYS_read) STUB(write, SYS_write) STUB(readv, SYS_readv) STUB(writev, SYS_writev)
STUB(close, SYS_close) STUB(dup, SYS_dup) STUB(dup2, SYS_dup2) STUB(unlink, SYS_unlink)
STUB(link, SYS_link) STUB(symlink, SYS_symlink) STUB(readlink, SYS_readlink)
STUB(rename, SYS_rename) STUB(access, SYS_access) STUB(chdir, SYS_chdir) STUB(chroot, SYS_chroot)
STUB(fchdir, SYS_fchdir) STUB(mkdir, SYS_mkdir) STUB(rmdir, SYS_rmdir) STUB(chmod, SYS_chmod)
STUB(mknod, SYS_mknod) STUB(mkfifo, SYS_mkfifo) STUB(umask, SYS_umask) STUB(stat, SYS___stat30)
STUB(lstat, SYS___lstat30) STUB(fstat, SYS___fstat30) STUB(getdents, SYS___getdents30)
STUB(sync, SYS_sync) STUB(getpid, SYS_getpid) STUB(getppid, SYS_getppid) STUB(getuid, SYS_getuid)
STUB(geteuid, SYS_geteuid) STUB(getgid, SYS_getgid) STUB(getegid, SYS_getegid) STUB(kill, SYS_kill)
STUB(getpgrp, SYS_getpgrp) STUB(setpgid, SYS_setpgid) STUB(setsid, SYS_setsid)
STUB(setuid, SYS_setuid) STUB(seteuid, SYS_seteuid) STUB(setgid, SYS_setgid) STUB(setegid, SYS_setegid)
STUB(setreuid, SYS_setreuid) STUB(setregid, SYS_setregid) STUB(issetugid, SYS_issetugid) STUB(getpgid, SYS_getpgid)
STUB(getsid, SYS_getsid) STUB(getgroups, SYS_getgroups) STUB(setgroups, SYS_setgroups)
STUB(sched_yield, SYS_sched_yield) STUB(execve, SYS_execve) STUB(wait4, SYS_wait4)
STUB(msync, SYS___msync13) STUB(mlock, SYS_mlock) STUB(munlock, SYS_munlock)
STUB(munmap, SYS_munmap) STUB(mprotect, SYS_mprotect) STUB(poll, SYS_poll)
STUB(nanosleep, SYS_nanosleep) STUB(gettimeofday, SYS_gettimeofday)
STUB(clock_gettime, SYS_clock_gettime) STUB(sysctl, SYS___sysctl)
STUB(sigprocmask, SYS___sigprocmask14) STUB(sigaltstack, SYS___sigaltstack14)
STUB(sigpending, SYS___sigpending14) STUB(sigsuspend, SYS___sigsuspend14) STUB(open, SYS_open)
STUB(fcntl, SYS_fcntl) STUB(ioctl, SYS_ioctl)
STUB(mount, SYS___mount50) STUB(unmount, SYS_unmount) STUB(select, SYS_select)
STUB(getrlimit, SYS_getrlimit) STUB(setrlimit, SYS_setrlimit) STUB(getrusage, SYS_getrusage)
STUB(chown, SYS_chown) STUB(lchown, SYS_lchown) STUB(fchown, SYS_fchown) STUB(fchmod, SYS_fchmod) STUB(fsync, SYS_fsync)
STUB(getitimer, SYS_getitimer) STUB(setitimer, SYS_setitimer) STUB(utimes, SYS_utimes) STUB(lutimes, SYS_lutimes)
STUB(futimes, SYS_futimes) STUB(__getlogin, SYS___getlogin) STUB(setlogin, SYS___setlogin)
STUB(settimeofday, SYS_settimeofday) STUB(clock_settime, SYS_clock_settime) STUB(clock_getres, SYS_clock_getres)
STUB(flock, SYS_flock) STUB(revoke, SYS_revoke) STUB(getpriority, SYS_getpriority) STUB(setpriority, SYS_setpriority)
STUB(ptrace, SYS_ptrace) STUB(chflags, SYS_chflags) STUB(fchflags, SYS_fchflags)
STUB(statvfs1, SYS_statvfs1) STUB(fstatvfs1, SYS_fstatvfs1) STUB(getvfsstat, SYS_getvfsstat)
STUB(socket, SYS___socket30) STUB(bind, SYS_bind) STUB(connect, SYS_connect) STUB(listen, SYS_listen) STUB(accept, SYS_accept)
STUB(sendto, SYS_sendto) STUB(recvfrom, SYS_recvfrom) STUB(sendmsg, SYS_sendmsg) STUB(recvmsg, SYS_recvmsg)
STUB(getsockopt, SYS_getsockopt) STUB(setsockopt, SYS_setsockopt) STUB(shutdown, SYS_shutdown)
STUB(socketpair, SYS_socketpair) STUB(getsockname, SYS_getsockname) STUB(getpeername, SYS_getpeername)

extern long long syscall_quad(int, ...) __asm__("syscall");
extern int __syscall2(int, int *);
extern void __sigtramp(void);
extern char **environ;
extern char end[];

static char *curbrk = end;

int	creat(const char *path, mode_t mode) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
void	_exit(int status) { for (;;) syscall(SYS_exit, status); }
int	fork(void)
{
	int r[2];

	if (__syscall2(SYS_fork, r) < 0)
		return -1;
	return r[1] == 1 ? 0 : r[0];
}
int	pipe(int fd[2]) { return __syscall2(SYS_pipe, fd); }
ssize_t	pread(int fd, void *buf, size_t n, off_t o) { return syscall(SYS_pread, fd, buf, n, 0, QUAD(o)); }
ssize_t	pwrite(int fd, const void *buf, size_t n, off_t o) { return syscall(SYS_pwrite, fd, buf, n, 0, QUAD(o)); }
int	ftruncate(int fd, off_t o) { return syscall(SYS_ftruncate, fd, 0, QUAD(o)); }
int	truncate(const char *path, off_t o) { return syscall(SYS_truncate, path, 0, QUAD(o)); }
off_t	lseek(int fd, off_t o, int whence) { return syscall_quad(SYS_lseek, fd, 0, QUAD(o), whence); }
int	killpg(pid_t pgrp, int signo) { return kill(-pgrp, signo); }
int	raise(int signo) { return kill(getpid(), signo); }
int	execv(const char *p, char *const a[]) { return execve(p, a, environ); }
pid_t	waitpid(pid_t pid, int *st, int opt) { return wait4(pid, st, opt, NULL); }
pid_t	wait3(int *st, int opt, struct rusage *ru) { return wait4(-1, st, opt, ru); }
pid_t	wait(int *st) { return wait4(-1, st, 0, NULL); }
void	*mmap(void *addr, size_t n, int prot, int flags, int fd, off_t o)
	{ return (void *)syscall(SYS_mmap, addr, n, prot, flags, fd, 0L, QUAD(o)); }
int	sigaction(int signo, const struct sigaction *a, struct sigaction *o)
	{ return syscall(SYS___sigaction_sigtramp, signo, a, o, __sigtramp, 2); }

/* Without a buffer, in one of malloc(). */
char *
getcwd(char *buf, size_t n)
{
	char *to = buf != NULL ? buf : malloc(n = n != 0 ? n : PATH_MAX);

	if (to != NULL && syscall(SYS___getcwd, to, n) >= 0)
		return to;
	if (buf == NULL)
		free(to);
	return NULL;
}

sig_t
signal(int signo, sig_t handler)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(signo, &new, &old) < 0 ? SIG_ERR : old.sa_handler;
}

unsigned int
alarm(unsigned int seconds)
{
	struct itimerval want = { { 0, 0 }, { seconds, 0 } }, old = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &want, &old);
	return (unsigned int)old.it_value.tv_sec + (old.it_value.tv_usec != 0);
}

int
pause(void)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	return sigsuspend(&now);
}

unsigned int
sleep(unsigned int seconds)
{
	struct timespec want = { .tv_sec = seconds }, left = { 0 };

	if (nanosleep(&want, &left) == 0)
		return 0;
	return errno == EINTR ? (unsigned int)left.tv_sec + (left.tv_nsec != 0) : seconds;
}

int
usleep(useconds_t microseconds)
{
	struct timespec want = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };

	return nanosleep(&want, NULL);
}

time_t
time(time_t *to)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (to != NULL)
		*to = now.tv_sec;
	return now.tv_sec;
}

int
nice(int by)
{
	int now = getpriority(PRIO_PROCESS, 0);

	return setpriority(PRIO_PROCESS, 0, now + by) < 0 ? -1 : now + by;
}

int
utime(const char *path, const struct utimbuf *to)
{
	struct timeval tv[2] = { { 0 } };

	if (to == NULL)
		return utimes(path, NULL);
	tv[0].tv_sec = to->actime;
	tv[1].tv_sec = to->modtime;
	return utimes(path, tv);
}

static clock_t
ticks(const struct timeval *tv)
{
	return (clock_t)(tv->tv_sec * CLOCKS_PER_SEC + tv->tv_usec / (1000000 / CLOCKS_PER_SEC));
}

clock_t
times(struct tms *to)
{
	struct rusage own, children;
	struct timespec now;

	if (getrusage(RUSAGE_SELF, &own) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
		return (clock_t)-1;
	*to = (struct tms){ ticks(&own.ru_utime), ticks(&own.ru_stime), ticks(&children.ru_utime), ticks(&children.ru_stime) };
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (clock_t)(now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / (1000000000 / CLOCKS_PER_SEC));
}

int statvfs(const char *path, struct statvfs *to) { return statvfs1(path, to, ST_WAIT); }
int fstatvfs(int fd, struct statvfs *to) { return fstatvfs1(fd, to, ST_WAIT); }

int
isatty(int fd)
{
	struct termios settings;

	return ioctl(fd, TIOCGETA, &settings) == 0;
}

int
brk(void *addr)
{
	if (syscall(SYS_break, addr) < 0)
		return -1;
	curbrk = addr;
	return 0;
}

void *
sbrk(intptr_t by)
{
	char *old = curbrk;

	return brk(old + by) < 0 ? (void *)-1 : old;
}
