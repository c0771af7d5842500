# ruff: noqa: E501
"""Of emulations and execution formats: named by headers, written as this session goes on."""

from lkmtools.kern.export import unwritten

FUNCTIONS = (
    unwritten("int x86_set_sdbase(void *arg, char which, struct lwp *l, bool direct)", "machine/sysarch.h"),
    unwritten("int x86_get_sdbase(void *arg, char which)", "machine/sysarch.h"),
    unwritten("int process_read_fpregs(struct lwp *l, struct fpreg *regs)", "machine/reg.h"),
    unwritten("int process_write_fpregs(struct lwp *l, const struct fpreg *regs)", "machine/reg.h"),
    unwritten(
        "int do_sys_wait(struct lwp *l, int *pid, int *status, int options, struct rusage *ru, int *was_zombie)",
        "sys/wait.h",
    ),
    unwritten(
        "int sigaction1(struct lwp *l, int signum, const struct sigaction *nsa, struct sigaction *osa, const void *tramp, int vers)",
        "sys/signalvar.h",
    ),
    unwritten(
        "int sigprocmask1(struct lwp *l, int how, const sigset_t *nss, sigset_t *oss)", "sys/signalvar.h"
    ),
    unwritten("void sigpending1(struct lwp *l, sigset_t *ss)", "sys/signalvar.h"),
    unwritten("int sigsuspend1(struct lwp *l, const sigset_t *ss)", "sys/signalvar.h"),
    unwritten(
        "int sigaltstack1(struct lwp *l, const struct sigaltstack *nss, struct sigaltstack *oss)",
        "sys/signalvar.h",
    ),
    unwritten("void trapsignal(struct lwp *l, struct ksiginfo *ksi)", "sys/signalvar.h"),
    unwritten("void sendsig_siginfo(const struct ksiginfo *ksi, const sigset_t *mask)", "sys/signalvar.h"),
    unwritten("void sigexit(struct lwp *l, int signo)", "sys/signalvar.h"),
    unwritten("void *getframe(struct lwp *l, int signo, int *onstack)", "sys/signalvar.h"),
)
