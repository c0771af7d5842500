"""<signal.h> and <sys/wait.h> for programs: structs and flags of sigaction, ucontext and wait4."""

SIG_DFL, SIG_IGN = 0, 1
SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 1, 2, 3
SA_ONSTACK, SA_RESTART, SA_RESETHAND, SA_NOCLDSTOP, SA_NODEFER, SA_NOCLDWAIT, SA_SIGINFO = (
    0x01,
    0x02,
    0x04,
    0x08,
    0x10,
    0x20,
    0x40,
)
SIGINFO_SIZE = 128  # siginfo_t
SEGV_MAPERR, SEGV_ACCERR = 1, 2
UC_SIGMASK, UC_CPU = 0x01, 0x04

SI_USER, SI_TIMER = 0, -2
CLD_EXITED, CLD_KILLED, CLD_STOPPED = 1, 2, 5

WNOHANG, WUNTRACED = 1, 2
WSTOPPED = 0o177  # the low bits of the status of a process that is stopped
