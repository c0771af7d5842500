/* <sys/syscallargs.h>: the arguments of system calls, each in words of a register. SCARG(uap, name) reads one. */

#ifndef _SYS_SYSCALLARGS_H_
#define _SYS_SYSCALLARGS_H_

#include <sys/types.h>
#include <sys/select.h>
#include <sys/systm.h>

/* A value narrower than a register stands at its low end. */
#define syscallarg(type) \
	union { \
		register_t	pad; \
		struct { type datum; } le; \
	}
#define SCARG(uap, name)	((uap)->name.le.datum)

struct iovec;
struct pollfd;
struct stat;

struct sys_exit_args { syscallarg(int) rval; };
struct sys_read_args { syscallarg(int) fd; syscallarg(void *) buf; syscallarg(size_t) nbyte; };
struct sys_write_args { syscallarg(int) fd; syscallarg(const void *) buf; syscallarg(size_t) nbyte; };
struct sys_open_args { syscallarg(const char *) path; syscallarg(int) flags; syscallarg(mode_t) mode; };
struct sys_close_args { syscallarg(int) fd; };
struct sys_link_args { syscallarg(const char *) path; syscallarg(const char *) link; };
struct sys_unlink_args { syscallarg(const char *) path; };
struct sys_chdir_args { syscallarg(const char *) path; };
struct sys_chroot_args { syscallarg(const char *) path; };
struct sys_fchdir_args { syscallarg(int) fd; };
struct sys_chmod_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_chown_args { syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys_access_args { syscallarg(const char *) path; syscallarg(int) flags; };
struct sys_kill_args { syscallarg(pid_t) pid; syscallarg(int) signum; };
struct sys_dup_args { syscallarg(int) fd; };
struct sys_ioctl_args { syscallarg(int) fd; syscallarg(u_long) com; syscallarg(void *) data; };
struct sys_readlink_args { syscallarg(const char *) path; syscallarg(char *) buf; syscallarg(size_t) count; };
struct sys_dup2_args { syscallarg(int) from; syscallarg(int) to; };
struct sys_fcntl_args { syscallarg(int) fd; syscallarg(int) cmd; syscallarg(void *) arg; };
struct sys_readv_args { syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt; };
struct sys_writev_args { syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt; };
struct sys_rename_args { syscallarg(const char *) from; syscallarg(const char *) to; };
struct sys_mkfifo_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_mkdir_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_rmdir_args { syscallarg(const char *) path; };
struct sys_pread_args {
	syscallarg(int) fd; syscallarg(void *) buf; syscallarg(size_t) nbyte; syscallarg(int) PAD; syscallarg(off_t) offset;
};
struct sys_pwrite_args {
	syscallarg(int) fd; syscallarg(const void *) buf; syscallarg(size_t) nbyte; syscallarg(int) PAD;
	syscallarg(off_t) offset;
};
struct sys_mmap_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) prot; syscallarg(int) flags; syscallarg(int) fd; syscallarg(long) PAD; syscallarg(off_t) pos; };
struct sys_munmap_args { syscallarg(void *) addr; syscallarg(size_t) len; };
struct sys_lseek_args { syscallarg(int) fd; syscallarg(int) PAD; syscallarg(off_t) offset; syscallarg(int) whence; };
struct sys_poll_args { syscallarg(struct pollfd *) fds; syscallarg(u_int) nfds; syscallarg(int) timeout; };
struct sys___sysctl_args {
	syscallarg(const int *) name; syscallarg(u_int) namelen; syscallarg(void *) old; syscallarg(size_t *) oldlenp;
	syscallarg(const void *) new; syscallarg(size_t) newlen;
};
struct timeval;
struct sys_lchown_args { syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys___utimes50_args { syscallarg(const char *) path; syscallarg(const struct timeval *) tptr; };
struct sys___futimes50_args { syscallarg(int) fd; syscallarg(const struct timeval *) tptr; };
struct sys___lutimes50_args { syscallarg(const char *) path; syscallarg(const struct timeval *) tptr; };
struct compat_40_sys_mount_args {
	syscallarg(const char *) type; syscallarg(const char *) path; syscallarg(int) flags; syscallarg(void *) data;
};
struct sys___mount50_args {
	syscallarg(const char *) type; syscallarg(const char *) path; syscallarg(int) flags; syscallarg(void *) data;
	syscallarg(size_t) data_len;
};
struct sys_unmount_args { syscallarg(const char *) path; syscallarg(int) flags; };
struct sys_symlink_args { syscallarg(const char *) path; syscallarg(const char *) link; };
struct sys___stat50_args { syscallarg(const char *) path; syscallarg(struct stat *) ub; };
struct sys___fstat50_args { syscallarg(int) fd; syscallarg(struct stat *) sb; };
struct sys___lstat50_args { syscallarg(const char *) path; syscallarg(struct stat *) ub; };
struct sys___mknod50_args { syscallarg(const char *) path; syscallarg(mode_t) mode; syscallarg(dev_t) dev; };

struct sys___wait450_args {
	syscallarg(pid_t) pid; syscallarg(int *) status; syscallarg(int) options; syscallarg(struct rusage *) rusage;
};
struct sys_execve_args { syscallarg(const char *) path; syscallarg(char *const *) argp; syscallarg(char *const *) envp; };
struct sys_obreak_args { syscallarg(char *) nsize; };
struct sys_mprotect_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) prot; };
struct sys_setuid_args { syscallarg(uid_t) uid; };
struct sys_seteuid_args { syscallarg(uid_t) euid; };
struct sys_setreuid_args { syscallarg(uid_t) ruid; syscallarg(uid_t) euid; };
struct sys_setgid_args { syscallarg(gid_t) gid; };
struct sys_setegid_args { syscallarg(gid_t) egid; };
struct sys_setregid_args { syscallarg(gid_t) rgid; syscallarg(gid_t) egid; };
struct sys_getgroups_args { syscallarg(int) gidsetsize; syscallarg(gid_t *) gidset; };
struct sys_setgroups_args { syscallarg(int) gidsetsize; syscallarg(const gid_t *) gidset; };
struct sys_setpgid_args { syscallarg(pid_t) pid; syscallarg(pid_t) pgid; };
struct sys_getpgid_args { syscallarg(pid_t) pid; };
struct sys_getsid_args { syscallarg(pid_t) pid; };
struct sys_umask_args { syscallarg(mode_t) newmask; };
struct sys_getrlimit_args { syscallarg(int) which; syscallarg(struct rlimit *) rlp; };
struct sys_setrlimit_args { syscallarg(int) which; syscallarg(const struct rlimit *) rlp; };
struct sys___getrusage50_args { syscallarg(int) who; syscallarg(struct rusage *) rusage; };
struct sys___sigaltstack14_args { syscallarg(const struct sigaltstack *) nss; syscallarg(struct sigaltstack *) oss; };
struct sys___getcwd_args { syscallarg(char *) bufp; syscallarg(size_t) length; };
struct sys_sysarch_args { syscallarg(int) op; syscallarg(void *) parms; };
struct sys___getdents30_args { syscallarg(int) fd; syscallarg(char *) buf; syscallarg(size_t) count; };
struct sys___select50_args {
	syscallarg(int) nd; syscallarg(fd_set *) in; syscallarg(fd_set *) ou; syscallarg(fd_set *) ex;
	syscallarg(const struct timeval *) tv;
};
struct sys___setitimer50_args {
	syscallarg(int) which; syscallarg(const struct itimerval *) itv; syscallarg(struct itimerval *) oitv;
};
struct sys___getitimer50_args { syscallarg(int) which; syscallarg(struct itimerval *) itv; };
struct sys___gettimeofday50_args { syscallarg(struct timeval *) tp; syscallarg(void *) tzp; };
struct sys___clock_gettime50_args { syscallarg(clockid_t) clock_id; syscallarg(struct timespec *) tp; };
struct sys___nanosleep50_args { syscallarg(const struct timespec *) rqtp; syscallarg(struct timespec *) rmtp; };
struct sys_truncate_args { syscallarg(const char *) path; syscallarg(int) PAD; syscallarg(off_t) length; };
struct sys_ftruncate_args { syscallarg(int) fd; syscallarg(int) PAD; syscallarg(off_t) length; };
struct sys_fsync_args { syscallarg(int) fd; };
struct sys_fchmod_args { syscallarg(int) fd; syscallarg(mode_t) mode; };
struct sys_fchown_args { syscallarg(int) fd; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };

#ifdef _KERNEL
/* The calls themselves, for modules that wrap them. */
int	sys_nosys(struct lwp *l, const void *v, register_t *retval);
int	sys_lkmnosys(struct lwp *l, const void *v, register_t *retval);
int	sys_close(struct lwp *l, const void *v, register_t *retval);
int	sys_dup(struct lwp *l, const void *v, register_t *retval);
int	sys_dup2(struct lwp *l, const void *v, register_t *retval);
int	sys_fcntl(struct lwp *l, const void *v, register_t *retval);
int	sys_getpid(struct lwp *l, const void *v, register_t *retval);
int	sys_getppid(struct lwp *l, const void *v, register_t *retval);
int	sys_getuid(struct lwp *l, const void *v, register_t *retval);
int	sys_geteuid(struct lwp *l, const void *v, register_t *retval);
int	sys_getgid(struct lwp *l, const void *v, register_t *retval);
int	sys_getegid(struct lwp *l, const void *v, register_t *retval);
int	sys_setuid(struct lwp *l, const void *v, register_t *retval);
int	sys_seteuid(struct lwp *l, const void *v, register_t *retval);
int	sys_setreuid(struct lwp *l, const void *v, register_t *retval);
int	sys_setgid(struct lwp *l, const void *v, register_t *retval);
int	sys_setegid(struct lwp *l, const void *v, register_t *retval);
int	sys_setregid(struct lwp *l, const void *v, register_t *retval);
int	sys_getgroups(struct lwp *l, const void *v, register_t *retval);
int	sys_setgroups(struct lwp *l, const void *v, register_t *retval);
int	sys_issetugid(struct lwp *l, const void *v, register_t *retval);
int	sys_getpgrp(struct lwp *l, const void *v, register_t *retval);
int	sys_getpgid(struct lwp *l, const void *v, register_t *retval);
int	sys_getsid(struct lwp *l, const void *v, register_t *retval);
int	sys_setpgid(struct lwp *l, const void *v, register_t *retval);
int	sys_setsid(struct lwp *l, const void *v, register_t *retval);
int	sys_kill(struct lwp *l, const void *v, register_t *retval);
int	sys_exit(struct lwp *l, const void *v, register_t *retval);
int	sys___sysctl(struct lwp *l, const void *v, register_t *retval);
int	sys_read(struct lwp *l, const void *v, register_t *retval);
int	sys_write(struct lwp *l, const void *v, register_t *retval);
int	sys_pread(struct lwp *l, const void *v, register_t *retval);
int	sys_pwrite(struct lwp *l, const void *v, register_t *retval);
int	sys_lseek(struct lwp *l, const void *v, register_t *retval);
int	sys_ioctl(struct lwp *l, const void *v, register_t *retval);
int	sys_mmap(struct lwp *l, const void *v, register_t *retval);
int	sys_munmap(struct lwp *l, const void *v, register_t *retval);
int	sys_poll(struct lwp *l, const void *v, register_t *retval);
int	sys___select50(struct lwp *l, const void *v, register_t *retval);
int	sys_open(struct lwp *l, const void *v, register_t *retval);
int	compat_50_sys_mknod(struct lwp *l, const void *v, register_t *retval);
int	sys___mknod50(struct lwp *l, const void *v, register_t *retval);
int	sys_unlink(struct lwp *l, const void *v, register_t *retval);
int	sys_mkfifo(struct lwp *l, const void *v, register_t *retval);
int	sys_mkdir(struct lwp *l, const void *v, register_t *retval);
int	sys_rmdir(struct lwp *l, const void *v, register_t *retval);
int	sys_chmod(struct lwp *l, const void *v, register_t *retval);
int	sys_chown(struct lwp *l, const void *v, register_t *retval);
int	sys_chdir(struct lwp *l, const void *v, register_t *retval);
int	sys_chroot(struct lwp *l, const void *v, register_t *retval);
int	sys_fchdir(struct lwp *l, const void *v, register_t *retval);
int	sys___getcwd(struct lwp *l, const void *v, register_t *retval);
int	sys_sysarch(struct lwp *l, const void *v, register_t *retval);
int	sys_umask(struct lwp *l, const void *v, register_t *retval);
int	sys___stat50(struct lwp *l, const void *v, register_t *retval);
int	sys___lstat50(struct lwp *l, const void *v, register_t *retval);
int	sys___fstat50(struct lwp *l, const void *v, register_t *retval);
int	sys___getdents30(struct lwp *l, const void *v, register_t *retval);
int	sys___setitimer50(struct lwp *l, const void *v, register_t *retval);
int	sys___getitimer50(struct lwp *l, const void *v, register_t *retval);
int	sys___getrusage50(struct lwp *l, const void *v, register_t *retval);
int	sys___clock_gettime50(struct lwp *l, const void *v, register_t *retval);
int	sys___gettimeofday50(struct lwp *l, const void *v, register_t *retval);
int	sys___nanosleep50(struct lwp *l, const void *v, register_t *retval);
int	sys___sigaction_sigtramp(struct lwp *l, const void *v, register_t *retval);
int	sys___sigaltstack14(struct lwp *l, const void *v, register_t *retval);
int	sys___sigpending14(struct lwp *l, const void *v, register_t *retval);
int	sys___sigprocmask14(struct lwp *l, const void *v, register_t *retval);
int	sys___sigsuspend14(struct lwp *l, const void *v, register_t *retval);
int	sys___wait450(struct lwp *l, const void *v, register_t *retval);
int	sys_execve(struct lwp *l, const void *v, register_t *retval);
int	sys_fork(struct lwp *l, const void *v, register_t *retval);
int	sys_getcontext(struct lwp *l, const void *v, register_t *retval);
int	sys_mmap(struct lwp *l, const void *v, register_t *retval);
int	sys_mprotect(struct lwp *l, const void *v, register_t *retval);
int	sys_munmap(struct lwp *l, const void *v, register_t *retval);
int	sys_obreak(struct lwp *l, const void *v, register_t *retval);
int	sys_pipe(struct lwp *l, const void *v, register_t *retval);
int	sys_readv(struct lwp *l, const void *v, register_t *retval);
int	sys_sched_yield(struct lwp *l, const void *v, register_t *retval);
int	sys_setcontext(struct lwp *l, const void *v, register_t *retval);
int	sys_vfork(struct lwp *l, const void *v, register_t *retval);
int	sys_writev(struct lwp *l, const void *v, register_t *retval);
int	sys_link(struct lwp *l, const void *v, register_t *retval);
int	sys_symlink(struct lwp *l, const void *v, register_t *retval);
int	sys_readlink(struct lwp *l, const void *v, register_t *retval);
int	sys_lchown(struct lwp *l, const void *v, register_t *retval);
int	sys___utimes50(struct lwp *l, const void *v, register_t *retval);
int	sys___futimes50(struct lwp *l, const void *v, register_t *retval);
int	sys___lutimes50(struct lwp *l, const void *v, register_t *retval);
int	compat_40_sys_mount(struct lwp *l, const void *v, register_t *retval);
int	sys_rename(struct lwp *l, const void *v, register_t *retval);
int	sys_access(struct lwp *l, const void *v, register_t *retval);
int	sys_truncate(struct lwp *l, const void *v, register_t *retval);
int	sys_ftruncate(struct lwp *l, const void *v, register_t *retval);
int	sys_fsync(struct lwp *l, const void *v, register_t *retval);
int	sys_sync(struct lwp *l, const void *v, register_t *retval);
int	sys_fchmod(struct lwp *l, const void *v, register_t *retval);
int	sys_fchown(struct lwp *l, const void *v, register_t *retval);
int	sys___mount50(struct lwp *l, const void *v, register_t *retval);
int	sys_unmount(struct lwp *l, const void *v, register_t *retval);
int	sys_statvfs1(struct lwp *l, const void *v, register_t *retval);
int	sys_fstatvfs1(struct lwp *l, const void *v, register_t *retval);
int	sys_getvfsstat(struct lwp *l, const void *v, register_t *retval);
int	sys_getrlimit(struct lwp *l, const void *v, register_t *retval);
int	sys_setrlimit(struct lwp *l, const void *v, register_t *retval);
int	sys_lkmwait(struct lwp *l, const void *v, register_t *retval);
#endif

#endif
