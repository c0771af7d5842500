"""<sys/syscall.h>: system call numbers, and the number of words each takes.

pread, pwrite, lseek, truncate, ftruncate and mmap have a padding word before their 64-bit offset; on an
ILP32 machine an off_t, dev_t or daddr_t argument is two words.
"""

SYS_MAXSYSARGS = 8
SYS_MAXSYSCALL = 472
SYS_NSYSENT = 512
SYS_LKM_FIRST, SYS_LKM_LAST = 210, 219  # sys_lkmnosys: free for modules

SYS_syscall = 0
SYS_exit = 1
SYS_fork = 2
SYS_read = 3
SYS_write = 4
SYS_open = 5
SYS_close = 6
SYS_link = 9
SYS_unlink = 10
SYS_chdir = 12
SYS_fchdir = 13
SYS_mknod = 14  # compat_50: 32-bit dev_t
SYS_chmod = 15
SYS_chown = 16
SYS_break = 17
SYS_getpid = 20
SYS_mount = 21  # compat_40: without data_len
SYS_unmount = 22
SYS_setuid = 23
SYS_getuid = 24
SYS_geteuid = 25
SYS_ptrace = 26
SYS_access = 33
SYS_sync = 36
SYS_kill = 37
SYS_getppid = 39
SYS_dup = 41
SYS_pipe = 42
SYS_getegid = 43
SYS_getgid = 47
SYS_ioctl = 54
SYS_revoke = 56
SYS_symlink = 57
SYS_readlink = 58
SYS_execve = 59
SYS_umask = 60
SYS_chroot = 61
SYS_vfork = 66
SYS_munmap = 73
SYS_mprotect = 74
SYS_getgroups = 79
SYS_setgroups = 80
SYS_getpgrp = 81
SYS_setpgid = 82
SYS_dup2 = 90
SYS_fcntl = 92
SYS_fsync = 95
SYS_readv = 120
SYS_writev = 121
SYS_fchown = 123
SYS_fchmod = 124
SYS_setreuid = 126
SYS_setregid = 127
SYS_rename = 128
SYS_flock = 131
SYS_mkfifo = 132
SYS_mkdir = 136
SYS_rmdir = 137
SYS_setsid = 147
SYS_sysarch = 165
SYS_pread = 173
SYS_pwrite = 174
SYS_setgid = 181
SYS_setegid = 182
SYS_seteuid = 183
SYS_getrlimit = 194
SYS_setrlimit = 195
SYS_mmap = 197
SYS___syscall = 198
SYS_lseek = 199
SYS_truncate = 200
SYS_ftruncate = 201
SYS___sysctl = 202
SYS_getpgid = 207
SYS_reboot = 208
SYS_poll = 209
SYS___sigaltstack14 = 281
SYS_lchown = 275
SYS_getsid = 286
SYS___sigpending14 = 292
SYS___sigprocmask14 = 293
SYS___sigsuspend14 = 294
SYS___getcwd = 296
SYS_issetugid = 305
SYS_getcontext = 307
SYS_setcontext = 308
SYS__lwp_self = 311
SYS___sigaction_sigtramp = 340
SYS_sched_yield = 350
SYS_getvfsstat = 356
SYS_statvfs1 = 357
SYS_fstatvfs1 = 358
SYS___getdents30 = 390
SYS___mount50 = 410
SYS___select50 = 417
SYS___gettimeofday50 = 418
SYS___utimes50 = 420
SYS___futimes50 = 423
SYS___lutimes50 = 424
SYS___setitimer50 = 425
SYS___getitimer50 = 426
SYS___clock_gettime50 = 427
SYS___nanosleep50 = 430
SYS___stat50 = 439
SYS___fstat50 = 440
SYS___lstat50 = 441
SYS___getrusage50 = 445
SYS___wait450 = 449
SYS___mknod50 = 450
SYS_lkmwait = 480  # ours, for modunload -w

NAMES: dict[int, str] = {
    number: name.removeprefix("SYS_")
    for name, number in dict(globals()).items()
    if (name.startswith("SYS_") and name[4:5].islower()) or name.startswith("SYS__")
}
