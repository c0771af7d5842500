/*
 * <sys/syscallargs.h>: the arguments of system calls, each in words of a register. SCARG(uap, x) reads one.
 * Made by lkmtools.kern.makesyscalls; do not edit.
 */

#ifndef _SYS_SYSCALLARGS_H_
#define _SYS_SYSCALLARGS_H_

#include <sys/types.h>
#include <sys/select.h>
#include <sys/signal.h>
#include <sys/syscall.h>
#include <sys/systm.h>

/* A value narrower than a register stands at its low end. */
#define syscallarg(type) \
	union { \
		register_t	pad; \
		struct { type datum; } le; \
	}
#define SCARG(uap, name)	((uap)->name.le.datum)

struct __ucontext;
struct _cpuset;
struct aiocb;
struct block_info;
struct fsid;
struct iovec;
struct itimerspec;
struct itimerval;
struct kevent;
struct lwpctl;
struct mq_attr;
struct msghdr;
struct msqid_ds;
struct ntptimeval;
struct pollfd;
struct rlimit;
struct rusage;
struct sched_param;
struct sembuf;
struct shmid_ds;
struct sigaction;
struct sigaltstack;
struct sigevent;
struct sockaddr;
struct stat;
struct statvfs;
struct timespec;
struct timeval;
struct timex;
struct uuid;
union __semun;
union siginfo;

struct sys_syscall_args { syscallarg(int) code; syscallarg(register_t) args[SYS_MAXSYSARGS]; };
struct sys_exit_args { syscallarg(int) rval; };
struct sys_read_args { syscallarg(int) fd; syscallarg(void *) buf; syscallarg(size_t) nbyte; };
struct sys_write_args { syscallarg(int) fd; syscallarg(const void *) buf; syscallarg(size_t) nbyte; };
struct sys_open_args { syscallarg(const char *) path; syscallarg(int) flags; syscallarg(mode_t) mode; };
struct sys_close_args { syscallarg(int) fd; };
struct sys_wait4_args {
	syscallarg(pid_t) pid; syscallarg(int *) status; syscallarg(int) options; syscallarg(struct rusage *) rusage;
};
struct sys_link_args { syscallarg(const char *) path; syscallarg(const char *) link; };
struct sys_unlink_args { syscallarg(const char *) path; };
struct sys_chdir_args { syscallarg(const char *) path; };
struct sys_fchdir_args { syscallarg(int) fd; };
struct sys_mknod_args { syscallarg(const char *) path; syscallarg(mode_t) mode; syscallarg(dev_t) dev; };
struct sys_chmod_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_chown_args { syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys_obreak_args { syscallarg(char *) nsize; };
struct compat_40_sys_mount_args {
	syscallarg(const char *) type; syscallarg(const char *) path; syscallarg(int) flags; syscallarg(void *) data;
};
struct sys_unmount_args { syscallarg(const char *) path; syscallarg(int) flags; };
struct sys_setuid_args { syscallarg(uid_t) uid; };
struct sys_ptrace_args {
	syscallarg(int) req; syscallarg(pid_t) pid; syscallarg(void *) addr; syscallarg(int) data;
};
struct sys_recvmsg_args { syscallarg(int) s; syscallarg(struct msghdr *) msg; syscallarg(int) flags; };
struct sys_sendmsg_args {
	syscallarg(int) s; syscallarg(const struct msghdr *) msg; syscallarg(int) flags;
};
struct sys_recvfrom_args {
	syscallarg(int) s; syscallarg(void *) buf; syscallarg(size_t) len; syscallarg(int) flags;
	syscallarg(struct sockaddr *) from; syscallarg(unsigned int *) fromlenaddr;
};
struct sys_accept_args {
	syscallarg(int) s; syscallarg(struct sockaddr *) name; syscallarg(unsigned int *) anamelen;
};
struct sys_getpeername_args {
	syscallarg(int) fdes; syscallarg(struct sockaddr *) asa; syscallarg(unsigned int *) alen;
};
struct sys_getsockname_args {
	syscallarg(int) fdes; syscallarg(struct sockaddr *) asa; syscallarg(unsigned int *) alen;
};
struct sys_access_args { syscallarg(const char *) path; syscallarg(int) flags; };
struct sys_chflags_args { syscallarg(const char *) path; syscallarg(u_long) flags; };
struct sys_fchflags_args { syscallarg(int) fd; syscallarg(u_long) flags; };
struct sys_kill_args { syscallarg(pid_t) pid; syscallarg(int) signum; };
struct sys_dup_args { syscallarg(int) fd; };
struct sys_profil_args {
	syscallarg(char *) samples; syscallarg(size_t) size; syscallarg(u_long) offset; syscallarg(u_int) scale;
};
struct sys_ktrace_args {
	syscallarg(const char *) fname; syscallarg(int) ops; syscallarg(int) facs; syscallarg(pid_t) pid;
};
struct sys___getlogin_args { syscallarg(char *) namebuf; syscallarg(size_t) namelen; };
struct sys___setlogin_args { syscallarg(const char *) namebuf; };
struct sys_acct_args { syscallarg(const char *) path; };
struct sys_ioctl_args { syscallarg(int) fd; syscallarg(u_long) com; syscallarg(void *) data; };
struct sys_revoke_args { syscallarg(const char *) path; };
struct sys_symlink_args { syscallarg(const char *) path; syscallarg(const char *) link; };
struct sys_readlink_args {
	syscallarg(const char *) path; syscallarg(char *) buf; syscallarg(size_t) count;
};
struct sys_execve_args {
	syscallarg(const char *) path; syscallarg(char *const *) argp; syscallarg(char *const *) envp;
};
struct sys_umask_args { syscallarg(mode_t) newmask; };
struct sys_chroot_args { syscallarg(const char *) path; };
struct sys_sbrk_args { syscallarg(intptr_t) incr; };
struct sys_sstk_args { syscallarg(int) incr; };
struct sys_ovadvise_args { syscallarg(int) anom; };
struct sys_munmap_args { syscallarg(void *) addr; syscallarg(size_t) len; };
struct sys_mprotect_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) prot; };
struct sys_madvise_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) behav; };
struct sys_mincore_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(char *) vec; };
struct sys_getgroups_args { syscallarg(int) gidsetsize; syscallarg(gid_t *) gidset; };
struct sys_setgroups_args { syscallarg(int) gidsetsize; syscallarg(const gid_t *) gidset; };
struct sys_setpgid_args { syscallarg(pid_t) pid; syscallarg(pid_t) pgid; };
struct sys_setitimer_args {
	syscallarg(int) which; syscallarg(const struct itimerval *) itv; syscallarg(struct itimerval *) oitv;
};
struct sys_getitimer_args { syscallarg(int) which; syscallarg(struct itimerval *) itv; };
struct sys_dup2_args { syscallarg(int) from; syscallarg(int) to; };
struct sys_fcntl_args { syscallarg(int) fd; syscallarg(int) cmd; syscallarg(void *) arg; };
struct sys_select_args {
	syscallarg(int) nd; syscallarg(fd_set *) in; syscallarg(fd_set *) ou; syscallarg(fd_set *) ex;
	syscallarg(struct timeval *) tv;
};
struct sys_fsync_args { syscallarg(int) fd; };
struct sys_setpriority_args { syscallarg(int) which; syscallarg(id_t) who; syscallarg(int) prio; };
struct sys_connect_args {
	syscallarg(int) s; syscallarg(const struct sockaddr *) name; syscallarg(unsigned int) namelen;
};
struct sys_getpriority_args { syscallarg(int) which; syscallarg(id_t) who; };
struct sys_bind_args {
	syscallarg(int) s; syscallarg(const struct sockaddr *) name; syscallarg(unsigned int) namelen;
};
struct sys_setsockopt_args {
	syscallarg(int) s; syscallarg(int) level; syscallarg(int) name; syscallarg(const void *) val;
	syscallarg(unsigned int) valsize;
};
struct sys_listen_args { syscallarg(int) s; syscallarg(int) backlog; };
struct sys_gettimeofday_args { syscallarg(struct timeval *) tp; syscallarg(void *) tzp; };
struct sys_getrusage_args { syscallarg(int) who; syscallarg(struct rusage *) rusage; };
struct sys_getsockopt_args {
	syscallarg(int) s; syscallarg(int) level; syscallarg(int) name; syscallarg(void *) val;
	syscallarg(unsigned int *) avalsize;
};
struct sys_readv_args {
	syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt;
};
struct sys_writev_args {
	syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt;
};
struct sys_settimeofday_args { syscallarg(const struct timeval *) tv; syscallarg(const void *) tzp; };
struct sys_fchown_args { syscallarg(int) fd; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys_fchmod_args { syscallarg(int) fd; syscallarg(mode_t) mode; };
struct sys_setreuid_args { syscallarg(uid_t) ruid; syscallarg(uid_t) euid; };
struct sys_setregid_args { syscallarg(gid_t) rgid; syscallarg(gid_t) egid; };
struct sys_rename_args { syscallarg(const char *) from; syscallarg(const char *) to; };
struct sys_flock_args { syscallarg(int) fd; syscallarg(int) how; };
struct sys_mkfifo_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_sendto_args {
	syscallarg(int) s; syscallarg(const void *) buf; syscallarg(size_t) len; syscallarg(int) flags;
	syscallarg(const struct sockaddr *) to; syscallarg(unsigned int) tolen;
};
struct sys_shutdown_args { syscallarg(int) s; syscallarg(int) how; };
struct sys_socketpair_args {
	syscallarg(int) domain; syscallarg(int) type; syscallarg(int) protocol; syscallarg(int *) rsv;
};
struct sys_mkdir_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_rmdir_args { syscallarg(const char *) path; };
struct sys_utimes_args { syscallarg(const char *) path; syscallarg(const struct timeval *) tptr; };
struct sys_adjtime_args {
	syscallarg(const struct timeval *) delta; syscallarg(struct timeval *) olddelta;
};
struct sys_quotactl_args {
	syscallarg(const char *) path; syscallarg(int) cmd; syscallarg(int) uid; syscallarg(void *) arg;
};
struct sys_nfssvc_args { syscallarg(int) flag; syscallarg(void *) argp; };
struct sys_sysarch_args { syscallarg(int) op; syscallarg(void *) parms; };
struct sys_pread_args {
	syscallarg(int) fd; syscallarg(void *) buf; syscallarg(size_t) nbyte; syscallarg(int) PAD;
	syscallarg(off_t) offset;
};
struct sys_pwrite_args {
	syscallarg(int) fd; syscallarg(const void *) buf; syscallarg(size_t) nbyte; syscallarg(int) PAD;
	syscallarg(off_t) offset;
};
struct sys_ntp_adjtime_args { syscallarg(struct timex *) tp; };
struct sys_setgid_args { syscallarg(gid_t) gid; };
struct sys_setegid_args { syscallarg(gid_t) egid; };
struct sys_seteuid_args { syscallarg(uid_t) euid; };
struct sys_lfs_bmapv_args {
	syscallarg(struct fsid *) fsidp; syscallarg(struct block_info *) blkiov; syscallarg(int) blkcnt;
};
struct sys_lfs_markv_args {
	syscallarg(struct fsid *) fsidp; syscallarg(struct block_info *) blkiov; syscallarg(int) blkcnt;
};
struct sys_lfs_segclean_args { syscallarg(struct fsid *) fsidp; syscallarg(u_long) segment; };
struct sys_lfs_segwait_args { syscallarg(struct fsid *) fsidp; syscallarg(struct timeval *) tv; };
struct sys_pathconf_args { syscallarg(const char *) path; syscallarg(int) name; };
struct sys_fpathconf_args { syscallarg(int) fd; syscallarg(int) name; };
struct sys_getrlimit_args { syscallarg(int) which; syscallarg(struct rlimit *) rlp; };
struct sys_setrlimit_args { syscallarg(int) which; syscallarg(const struct rlimit *) rlp; };
struct sys_mmap_args {
	syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) prot; syscallarg(int) flags;
	syscallarg(int) fd; syscallarg(long) PAD; syscallarg(off_t) pos;
};
struct sys___syscall_args { syscallarg(quad_t) code; syscallarg(register_t) args[SYS_MAXSYSARGS]; };
struct sys_lseek_args {
	syscallarg(int) fd; syscallarg(int) PAD; syscallarg(off_t) offset; syscallarg(int) whence;
};
struct sys_truncate_args { syscallarg(const char *) path; syscallarg(int) PAD; syscallarg(off_t) length; };
struct sys_ftruncate_args { syscallarg(int) fd; syscallarg(int) PAD; syscallarg(off_t) length; };
struct sys___sysctl_args {
	syscallarg(const int *) name; syscallarg(u_int) namelen; syscallarg(void *) old; syscallarg(size_t *) oldlenp;
	syscallarg(const void *) new; syscallarg(size_t) newlen;
};
struct sys_mlock_args { syscallarg(const void *) addr; syscallarg(size_t) len; };
struct sys_munlock_args { syscallarg(const void *) addr; syscallarg(size_t) len; };
struct sys_undelete_args { syscallarg(const char *) path; };
struct sys_futimes_args { syscallarg(int) fd; syscallarg(const struct timeval *) tptr; };
struct sys_getpgid_args { syscallarg(pid_t) pid; };
struct sys_reboot_args { syscallarg(int) opt; syscallarg(char *) bootstr; };
struct sys_poll_args { syscallarg(struct pollfd *) fds; syscallarg(u_int) nfds; syscallarg(int) timeout; };
struct sys_semget_args { syscallarg(key_t) key; syscallarg(int) nsems; syscallarg(int) semflg; };
struct sys_semop_args {
	syscallarg(int) semid; syscallarg(struct sembuf *) sops; syscallarg(size_t) nsops;
};
struct sys_semconfig_args { syscallarg(int) flag; };
struct sys_msgget_args { syscallarg(key_t) key; syscallarg(int) msgflg; };
struct sys_msgsnd_args {
	syscallarg(int) msqid; syscallarg(const void *) msgp; syscallarg(size_t) msgsz; syscallarg(int) msgflg;
};
struct sys_msgrcv_args {
	syscallarg(int) msqid; syscallarg(void *) msgp; syscallarg(size_t) msgsz; syscallarg(long) msgtyp;
	syscallarg(int) msgflg;
};
struct sys_shmat_args { syscallarg(int) shmid; syscallarg(const void *) shmaddr; syscallarg(int) shmflg; };
struct sys_shmdt_args { syscallarg(const void *) shmaddr; };
struct sys_shmget_args { syscallarg(key_t) key; syscallarg(size_t) size; syscallarg(int) shmflg; };
struct sys_clock_gettime_args { syscallarg(clockid_t) clock_id; syscallarg(struct timespec *) tp; };
struct sys_clock_settime_args { syscallarg(clockid_t) clock_id; syscallarg(const struct timespec *) tp; };
struct sys_clock_getres_args { syscallarg(clockid_t) clock_id; syscallarg(struct timespec *) tp; };
struct sys_timer_create_args {
	syscallarg(clockid_t) clock_id; syscallarg(struct sigevent *) evp; syscallarg(timer_t *) timerid;
};
struct sys_timer_delete_args { syscallarg(timer_t) timerid; };
struct sys_timer_settime_args {
	syscallarg(timer_t) timerid; syscallarg(int) flags; syscallarg(const struct itimerspec *) value;
	syscallarg(struct itimerspec *) ovalue;
};
struct sys_timer_gettime_args { syscallarg(timer_t) timerid; syscallarg(struct itimerspec *) value; };
struct sys_timer_getoverrun_args { syscallarg(timer_t) timerid; };
struct sys_nanosleep_args {
	syscallarg(const struct timespec *) rqtp; syscallarg(struct timespec *) rmtp;
};
struct sys_fdatasync_args { syscallarg(int) fd; };
struct sys_mlockall_args { syscallarg(int) flags; };
struct sys___sigtimedwait_args {
	syscallarg(const sigset_t *) set; syscallarg(union siginfo *) info; syscallarg(struct timespec *) timeout;
};
struct sys_modctl_args { syscallarg(int) cmd; syscallarg(void *) arg; };
struct sys__ksem_init_args { syscallarg(unsigned int) value; syscallarg(intptr_t *) idp; };
struct sys__ksem_open_args {
	syscallarg(const char *) name; syscallarg(int) oflag; syscallarg(mode_t) mode; syscallarg(unsigned int) value;
	syscallarg(intptr_t *) idp;
};
struct sys__ksem_unlink_args { syscallarg(const char *) name; };
struct sys__ksem_close_args { syscallarg(intptr_t) id; };
struct sys__ksem_post_args { syscallarg(intptr_t) id; };
struct sys__ksem_wait_args { syscallarg(intptr_t) id; };
struct sys__ksem_trywait_args { syscallarg(intptr_t) id; };
struct sys__ksem_getvalue_args { syscallarg(intptr_t) id; syscallarg(unsigned int *) value; };
struct sys__ksem_destroy_args { syscallarg(intptr_t) id; };
struct sys_mq_open_args {
	syscallarg(const char *) name; syscallarg(int) oflag; syscallarg(mode_t) mode;
	syscallarg(struct mq_attr *) attr;
};
struct sys_mq_close_args { syscallarg(int) mqdes; };
struct sys_mq_unlink_args { syscallarg(const char *) name; };
struct sys_mq_getattr_args { syscallarg(int) mqdes; syscallarg(struct mq_attr *) mqstat; };
struct sys_mq_setattr_args {
	syscallarg(int) mqdes; syscallarg(const struct mq_attr *) mqstat; syscallarg(struct mq_attr *) omqstat;
};
struct sys_mq_notify_args { syscallarg(int) mqdes; syscallarg(const struct sigevent *) notification; };
struct sys_mq_send_args {
	syscallarg(int) mqdes; syscallarg(const char *) msg_ptr; syscallarg(size_t) msg_len;
	syscallarg(unsigned int) msg_prio;
};
struct sys_mq_receive_args {
	syscallarg(int) mqdes; syscallarg(char *) msg_ptr; syscallarg(size_t) msg_len;
	syscallarg(unsigned int *) msg_prio;
};
struct sys_mq_timedsend_args {
	syscallarg(int) mqdes; syscallarg(const char *) msg_ptr; syscallarg(size_t) msg_len;
	syscallarg(unsigned int) msg_prio; syscallarg(const struct timespec *) abs_timeout;
};
struct sys_mq_timedreceive_args {
	syscallarg(int) mqdes; syscallarg(char *) msg_ptr; syscallarg(size_t) msg_len;
	syscallarg(unsigned int *) msg_prio; syscallarg(const struct timespec *) abs_timeout;
};
struct sys___posix_rename_args { syscallarg(const char *) from; syscallarg(const char *) to; };
struct sys_swapctl_args { syscallarg(int) cmd; syscallarg(void *) arg; syscallarg(int) misc; };
struct sys_minherit_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) inherit; };
struct sys_lchmod_args { syscallarg(const char *) path; syscallarg(mode_t) mode; };
struct sys_lchown_args { syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys_lutimes_args { syscallarg(const char *) path; syscallarg(const struct timeval *) tptr; };
struct sys___msync13_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) flags; };
struct sys___sigaltstack14_args {
	syscallarg(const struct sigaltstack *) nss; syscallarg(struct sigaltstack *) oss;
};
struct sys___posix_chown_args {
	syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid;
};
struct sys___posix_fchown_args { syscallarg(int) fd; syscallarg(uid_t) uid; syscallarg(gid_t) gid; };
struct sys___posix_lchown_args {
	syscallarg(const char *) path; syscallarg(uid_t) uid; syscallarg(gid_t) gid;
};
struct sys_getsid_args { syscallarg(pid_t) pid; };
struct sys___clone_args { syscallarg(int) flags; syscallarg(void *) stack; };
struct sys_fktrace_args {
	syscallarg(int) fd; syscallarg(int) ops; syscallarg(int) facs; syscallarg(pid_t) pid;
};
struct sys_preadv_args {
	syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt; syscallarg(int) PAD;
	syscallarg(off_t) offset;
};
struct sys_pwritev_args {
	syscallarg(int) fd; syscallarg(const struct iovec *) iovp; syscallarg(int) iovcnt; syscallarg(int) PAD;
	syscallarg(off_t) offset;
};
struct sys___sigpending14_args { syscallarg(sigset_t *) set; };
struct sys___sigprocmask14_args {
	syscallarg(int) how; syscallarg(const sigset_t *) set; syscallarg(sigset_t *) oset;
};
struct sys___sigsuspend14_args { syscallarg(const sigset_t *) set; };
struct sys___getcwd_args { syscallarg(char *) bufp; syscallarg(size_t) length; };
struct sys_fchroot_args { syscallarg(int) fd; };
struct sys_____semctl13_args {
	syscallarg(int) semid; syscallarg(int) semnum; syscallarg(int) cmd; syscallarg(union __semun *) arg;
};
struct sys___msgctl13_args {
	syscallarg(int) msqid; syscallarg(int) cmd; syscallarg(struct msqid_ds *) buf;
};
struct sys___shmctl13_args {
	syscallarg(int) shmid; syscallarg(int) cmd; syscallarg(struct shmid_ds *) buf;
};
struct sys_lchflags_args { syscallarg(const char *) path; syscallarg(u_long) flags; };
struct sys_utrace_args {
	syscallarg(const char *) label; syscallarg(void *) addr; syscallarg(size_t) len;
};
struct sys_getcontext_args { syscallarg(struct __ucontext *) ucp; };
struct sys_setcontext_args { syscallarg(const struct __ucontext *) ucp; };
struct sys__lwp_create_args {
	syscallarg(const struct __ucontext *) ucp; syscallarg(u_long) flags; syscallarg(lwpid_t *) new_lwp;
};
struct sys__lwp_wait_args { syscallarg(lwpid_t) wait_for; syscallarg(lwpid_t *) departed; };
struct sys__lwp_suspend_args { syscallarg(lwpid_t) target; };
struct sys__lwp_continue_args { syscallarg(lwpid_t) target; };
struct sys__lwp_wakeup_args { syscallarg(lwpid_t) target; };
struct sys__lwp_setprivate_args { syscallarg(void *) ptr; };
struct sys__lwp_kill_args { syscallarg(lwpid_t) target; syscallarg(int) signo; };
struct sys__lwp_detach_args { syscallarg(lwpid_t) target; };
struct sys__lwp_park_args {
	syscallarg(const struct timespec *) ts; syscallarg(lwpid_t) unpark; syscallarg(const void *) hint;
	syscallarg(const void *) unparkhint;
};
struct sys__lwp_unpark_args { syscallarg(lwpid_t) target; syscallarg(const void *) hint; };
struct sys__lwp_unpark_all_args {
	syscallarg(const lwpid_t *) targets; syscallarg(size_t) ntargets; syscallarg(const void *) hint;
};
struct sys__lwp_setname_args { syscallarg(lwpid_t) target; syscallarg(const char *) name; };
struct sys__lwp_getname_args {
	syscallarg(lwpid_t) target; syscallarg(char *) name; syscallarg(size_t) len;
};
struct sys__lwp_ctl_args { syscallarg(int) features; syscallarg(struct lwpctl **) address; };
struct sys_sa_register_args {
	syscallarg(void *) new; syscallarg(void **) old; syscallarg(int) flags; syscallarg(ssize_t) stackinfo_offset;
};
struct sys_sa_stacks_args { syscallarg(int) num; syscallarg(struct sigaltstack *) stacks; };
struct sys_sa_setconcurrency_args { syscallarg(int) concurrency; };
struct sys_sa_preempt_args { syscallarg(int) sa_id; };
struct sys___sigaction_sigtramp_args {
	syscallarg(int) signum; syscallarg(const struct sigaction *) nsa; syscallarg(struct sigaction *) osa;
	syscallarg(const void *) tramp; syscallarg(int) vers;
};
struct sys_pmc_get_info_args { syscallarg(int) ctr; syscallarg(int) op; syscallarg(void *) args; };
struct sys_pmc_control_args { syscallarg(int) ctr; syscallarg(int) op; syscallarg(void *) args; };
struct sys_rasctl_args { syscallarg(void *) addr; syscallarg(size_t) len; syscallarg(int) op; };
struct sys_kevent_args {
	syscallarg(int) fd; syscallarg(const struct kevent *) changelist; syscallarg(size_t) nchanges;
	syscallarg(struct kevent *) eventlist; syscallarg(size_t) nevents; syscallarg(const struct timespec *) timeout;
};
struct sys__sched_setparam_args {
	syscallarg(pid_t) pid; syscallarg(lwpid_t) lid; syscallarg(int) policy;
	syscallarg(const struct sched_param *) params;
};
struct sys__sched_getparam_args {
	syscallarg(pid_t) pid; syscallarg(lwpid_t) lid; syscallarg(int *) policy;
	syscallarg(struct sched_param *) params;
};
struct sys__sched_setaffinity_args {
	syscallarg(pid_t) pid; syscallarg(lwpid_t) lid; syscallarg(size_t) size;
	syscallarg(const struct _cpuset *) cpuset;
};
struct sys__sched_getaffinity_args {
	syscallarg(pid_t) pid; syscallarg(lwpid_t) lid; syscallarg(size_t) size; syscallarg(struct _cpuset *) cpuset;
};
struct sys_fsync_range_args {
	syscallarg(int) fd; syscallarg(int) flags; syscallarg(off_t) start; syscallarg(off_t) length;
};
struct sys_uuidgen_args { syscallarg(struct uuid *) store; syscallarg(int) count; };
struct sys_getvfsstat_args {
	syscallarg(struct statvfs *) buf; syscallarg(size_t) bufsize; syscallarg(int) flags;
};
struct sys_statvfs1_args {
	syscallarg(const char *) path; syscallarg(struct statvfs *) buf; syscallarg(int) flags;
};
struct sys_fstatvfs1_args { syscallarg(int) fd; syscallarg(struct statvfs *) buf; syscallarg(int) flags; };
struct sys_extattrctl_args {
	syscallarg(const char *) path; syscallarg(int) cmd; syscallarg(const char *) filename;
	syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
};
struct sys_extattr_set_file_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
	syscallarg(const void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_get_file_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
	syscallarg(void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_delete_file_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
};
struct sys_extattr_set_fd_args {
	syscallarg(int) fd; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
	syscallarg(const void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_get_fd_args {
	syscallarg(int) fd; syscallarg(int) attrnamespace; syscallarg(const char *) attrname; syscallarg(void *) data;
	syscallarg(size_t) nbytes;
};
struct sys_extattr_delete_fd_args {
	syscallarg(int) fd; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
};
struct sys_extattr_set_link_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
	syscallarg(const void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_get_link_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
	syscallarg(void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_delete_link_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(const char *) attrname;
};
struct sys_extattr_list_fd_args {
	syscallarg(int) fd; syscallarg(int) attrnamespace; syscallarg(void *) data; syscallarg(size_t) nbytes;
};
struct sys_extattr_list_file_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(void *) data;
	syscallarg(size_t) nbytes;
};
struct sys_extattr_list_link_args {
	syscallarg(const char *) path; syscallarg(int) attrnamespace; syscallarg(void *) data;
	syscallarg(size_t) nbytes;
};
struct sys_pselect_args {
	syscallarg(int) nd; syscallarg(fd_set *) in; syscallarg(fd_set *) ou; syscallarg(fd_set *) ex;
	syscallarg(const struct timespec *) ts; syscallarg(const sigset_t *) mask;
};
struct sys_pollts_args {
	syscallarg(struct pollfd *) fds; syscallarg(u_int) nfds; syscallarg(const struct timespec *) ts;
	syscallarg(const sigset_t *) mask;
};
struct sys_setxattr_args {
	syscallarg(const char *) path; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
	syscallarg(int) flags;
};
struct sys_lsetxattr_args {
	syscallarg(const char *) path; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
	syscallarg(int) flags;
};
struct sys_fsetxattr_args {
	syscallarg(int) fd; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
	syscallarg(int) flags;
};
struct sys_getxattr_args {
	syscallarg(const char *) path; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
};
struct sys_lgetxattr_args {
	syscallarg(const char *) path; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
};
struct sys_fgetxattr_args {
	syscallarg(int) fd; syscallarg(const char *) name; syscallarg(void *) value; syscallarg(size_t) size;
};
struct sys_listxattr_args {
	syscallarg(const char *) path; syscallarg(char *) list; syscallarg(size_t) size;
};
struct sys_llistxattr_args {
	syscallarg(const char *) path; syscallarg(char *) list; syscallarg(size_t) size;
};
struct sys_flistxattr_args { syscallarg(int) fd; syscallarg(char *) list; syscallarg(size_t) size; };
struct sys_removexattr_args { syscallarg(const char *) path; syscallarg(const char *) name; };
struct sys_lremovexattr_args { syscallarg(const char *) path; syscallarg(const char *) name; };
struct sys_fremovexattr_args { syscallarg(int) fd; syscallarg(const char *) name; };
struct sys___stat30_args { syscallarg(const char *) path; syscallarg(struct stat *) ub; };
struct sys___fstat30_args { syscallarg(int) fd; syscallarg(struct stat *) sb; };
struct sys___lstat30_args { syscallarg(const char *) path; syscallarg(struct stat *) ub; };
struct sys___getdents30_args { syscallarg(int) fd; syscallarg(char *) buf; syscallarg(size_t) count; };
struct sys___ntp_gettime30_args { syscallarg(struct ntptimeval *) ntvp; };
struct sys___socket30_args { syscallarg(int) domain; syscallarg(int) type; syscallarg(int) protocol; };
struct sys___getfh30_args {
	syscallarg(const char *) fname; syscallarg(void *) fhp; syscallarg(size_t *) fh_size;
};
struct sys___fhopen40_args {
	syscallarg(const void *) fhp; syscallarg(size_t) fh_size; syscallarg(int) flags;
};
struct sys___fhstatvfs140_args {
	syscallarg(const void *) fhp; syscallarg(size_t) fh_size; syscallarg(struct statvfs *) buf;
	syscallarg(int) flags;
};
struct sys___fhstat40_args {
	syscallarg(const void *) fhp; syscallarg(size_t) fh_size; syscallarg(struct stat *) sb;
};
struct sys_aio_cancel_args { syscallarg(int) fildes; syscallarg(struct aiocb *) aiocbp; };
struct sys_aio_error_args { syscallarg(const struct aiocb *) aiocbp; };
struct sys_aio_fsync_args { syscallarg(int) op; syscallarg(struct aiocb *) aiocbp; };
struct sys_aio_read_args { syscallarg(struct aiocb *) aiocbp; };
struct sys_aio_return_args { syscallarg(struct aiocb *) aiocbp; };
struct sys_aio_suspend_args {
	syscallarg(const struct aiocb *const *) list; syscallarg(int) nent; syscallarg(const struct timespec *) timeout;
};
struct sys_aio_write_args { syscallarg(struct aiocb *) aiocbp; };
struct sys_lio_listio_args {
	syscallarg(int) mode; syscallarg(struct aiocb *const *) list; syscallarg(int) nent;
	syscallarg(struct sigevent *) sig;
};
struct sys___mount50_args {
	syscallarg(const char *) type; syscallarg(const char *) path; syscallarg(int) flags; syscallarg(void *) data;
	syscallarg(size_t) data_len;
};
struct sys_mremap_args {
	syscallarg(void *) old_address; syscallarg(size_t) old_size; syscallarg(void *) new_address;
	syscallarg(size_t) new_size; syscallarg(int) flags;
};
struct sys_pset_create_args { syscallarg(psetid_t *) psid; };
struct sys_pset_destroy_args { syscallarg(psetid_t) psid; };
struct sys_pset_assign_args {
	syscallarg(psetid_t) psid; syscallarg(cpuid_t) cpuid; syscallarg(psetid_t *) opsid;
};
struct sys__pset_bind_args {
	syscallarg(int) idtype; syscallarg(id_t) first_id; syscallarg(id_t) second_id; syscallarg(psetid_t) psid;
	syscallarg(psetid_t *) opsid;
};
struct sys___posix_fadvise50_args {
	syscallarg(int) fd; syscallarg(int) PAD; syscallarg(off_t) offset; syscallarg(off_t) len;
	syscallarg(int) advice;
};

#ifdef _KERNEL
/* The calls themselves, for modules that wrap them; the dialect says who calls. */
sy_call_t	compat_40_sys_mount;
sy_call_t	sys___fstat30;
sy_call_t	sys___getcwd;
sy_call_t	sys___getdents30;
sy_call_t	sys___getlogin;
sy_call_t	sys___lstat30;
sy_call_t	sys___mount50;
sy_call_t	sys___msync13;
sy_call_t	sys___setlogin;
sy_call_t	sys___sigaction_sigtramp;
sy_call_t	sys___sigaltstack14;
sy_call_t	sys___sigpending14;
sy_call_t	sys___sigprocmask14;
sy_call_t	sys___sigsuspend14;
sy_call_t	sys___stat30;
sy_call_t	sys___sysctl;
sy_call_t	sys_access;
sy_call_t	sys_chdir;
sy_call_t	sys_chmod;
sy_call_t	sys_chown;
sy_call_t	sys_chroot;
sy_call_t	sys_clock_getres;
sy_call_t	sys_clock_gettime;
sy_call_t	sys_clock_settime;
sy_call_t	sys_close;
sy_call_t	sys_dup;
sy_call_t	sys_dup2;
sy_call_t	sys_execve;
sy_call_t	sys_exit;
sy_call_t	sys_fchdir;
sy_call_t	sys_fchmod;
sy_call_t	sys_fchown;
sy_call_t	sys_fcntl;
sy_call_t	sys_fork;
sy_call_t	sys_fstatvfs1;
sy_call_t	sys_fsync;
sy_call_t	sys_ftruncate;
sy_call_t	sys_futimes;
sy_call_t	sys_getcontext;
sy_call_t	sys_getegid;
sy_call_t	sys_geteuid;
sy_call_t	sys_getgid;
sy_call_t	sys_getgroups;
sy_call_t	sys_getitimer;
sy_call_t	sys_getpgid;
sy_call_t	sys_getpgrp;
sy_call_t	sys_getpid;
sy_call_t	sys_getppid;
sy_call_t	sys_getrlimit;
sy_call_t	sys_getrusage;
sy_call_t	sys_getsid;
sy_call_t	sys_gettimeofday;
sy_call_t	sys_getuid;
sy_call_t	sys_getvfsstat;
sy_call_t	sys_ioctl;
sy_call_t	sys_issetugid;
sy_call_t	sys_kill;
sy_call_t	sys_lchown;
sy_call_t	sys_link;
sy_call_t	sys_lkmnosys;
sy_call_t	sys_lkmwait;
sy_call_t	sys_lseek;
sy_call_t	sys_lutimes;
sy_call_t	sys_mkdir;
sy_call_t	sys_mkfifo;
sy_call_t	sys_mknod;
sy_call_t	sys_mlock;
sy_call_t	sys_mmap;
sy_call_t	sys_mprotect;
sy_call_t	sys_munlock;
sy_call_t	sys_munmap;
sy_call_t	sys_nanosleep;
sy_call_t	sys_nosys;
sy_call_t	sys_obreak;
sy_call_t	sys_open;
sy_call_t	sys_pipe;
sy_call_t	sys_poll;
sy_call_t	sys_pread;
sy_call_t	sys_pwrite;
sy_call_t	sys_read;
sy_call_t	sys_readlink;
sy_call_t	sys_readv;
sy_call_t	sys_rename;
sy_call_t	sys_rmdir;
sy_call_t	sys_sched_yield;
sy_call_t	sys_select;
sy_call_t	sys_setcontext;
sy_call_t	sys_setegid;
sy_call_t	sys_seteuid;
sy_call_t	sys_setgid;
sy_call_t	sys_setgroups;
sy_call_t	sys_setitimer;
sy_call_t	sys_setpgid;
sy_call_t	sys_setregid;
sy_call_t	sys_setreuid;
sy_call_t	sys_setrlimit;
sy_call_t	sys_setsid;
sy_call_t	sys_settimeofday;
sy_call_t	sys_setuid;
sy_call_t	sys_statvfs1;
sy_call_t	sys_symlink;
sy_call_t	sys_sync;
sy_call_t	sys_sysarch;
sy_call_t	sys_truncate;
sy_call_t	sys_umask;
sy_call_t	sys_unlink;
sy_call_t	sys_unmount;
sy_call_t	sys_utimes;
sy_call_t	sys_vfork;
sy_call_t	sys_wait4;
sy_call_t	sys_write;
sy_call_t	sys_writev;
#endif

#endif
