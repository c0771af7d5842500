/* <unistd.h>: system calls. */

#ifndef _UNISTD_H_
#define _UNISTD_H_

#include <sys/types.h>
#include <sys/null.h>
#include <sys/unistd.h>

#define STDIN_FILENO	0
#define STDOUT_FILENO	1
#define STDERR_FILENO	2

long	syscall(int, ...);
void	_exit(int) __attribute__((__noreturn__));
int	fork(void);
int	pipe(int[2]);
int	execve(const char *, char *const[], char *const[]);
int	execl(const char *, const char *, ...);
int	execle(const char *, const char *, ...);
int	execlp(const char *, const char *, ...);
int	execvp(const char *, char *const[]);
int	execv(const char *, char *const[]);
ssize_t	read(int, void *, size_t);
ssize_t	write(int, const void *, size_t);
ssize_t	pread(int, void *, size_t, off_t);
ssize_t	pwrite(int, const void *, size_t, off_t);
off_t	lseek(int, off_t, int);
int	close(int);
int	dup(int);
int	dup2(int, int);
int	unlink(const char *);
int	link(const char *, const char *);
int	symlink(const char *, const char *);
ssize_t	readlink(const char *, char *, size_t);
int	rename(const char *, const char *);
int	access(const char *, int);
int	chown(const char *, uid_t, gid_t);
int	fchown(int, uid_t, gid_t);
int	lchown(const char *, uid_t, gid_t);
int	fsync(int);
int	ftruncate(int, off_t);
int	truncate(const char *, off_t);
int	isatty(int);
int	chdir(const char *);
int	chroot(const char *);
int	fchdir(int);
char	*getcwd(char *, size_t);
int	rmdir(const char *);
int	getdents(int, char *, size_t);
void	sync(void);
pid_t	getpid(void);
pid_t	getpgrp(void);
int	setpgid(pid_t, pid_t);
pid_t	setsid(void);
int	setuid(uid_t);
int	seteuid(uid_t);
int	setgid(gid_t);
int	setegid(gid_t);
int	setreuid(uid_t, uid_t);
int	setregid(gid_t, gid_t);
int	getgroups(int, gid_t *);
int	setgroups(int, const gid_t *);
int	issetugid(void);
pid_t	getpgid(pid_t);
pid_t	getsid(pid_t);
pid_t	getppid(void);
uid_t	getuid(void);
uid_t	geteuid(void);
gid_t	getgid(void);
gid_t	getegid(void);
int	brk(void *);
void	*sbrk(intptr_t);
unsigned int	alarm(unsigned int);
int	pause(void);
unsigned int	sleep(unsigned int);
int	usleep(useconds_t);
int	sched_yield(void);
pid_t	vfork(void);
unsigned int	ualarm(unsigned int, unsigned int);
int	getdtablesize(void);
int	gethostname(char *, size_t);
char	*getlogin(void);
int	setlogin(const char *);
int	getpagesize(void);
char	*getpass(const char *);
int	nice(int);
int	revoke(const char *);
int	setpgrp(pid_t, pid_t);
void	strmode(mode_t, char *);
void	swab(const void *, void *, size_t);
long	sysconf(int);
pid_t	tcgetpgrp(int);
int	tcsetpgrp(int, pid_t);
char	*ttyname(int);

#define _SC_ARG_MAX		1
#define _SC_NGROUPS_MAX		4
#define _SC_OPEN_MAX		5
#define _SC_PAGESIZE		28
#define _SC_PAGE_SIZE		_SC_PAGESIZE
#define _SC_CLK_TCK		39
#define _SC_NPROCESSORS_CONF	1001
#define _SC_NPROCESSORS_ONLN	1002

extern char	*optarg;
extern int	opterr, optind, optopt, optreset;
int	getopt(int, char *const [], const char *);

#endif
