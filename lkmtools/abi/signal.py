"""<sys/signal.h>: signal numbers."""

SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGEMT, SIGFPE, SIGKILL, SIGBUS, SIGSEGV, SIGSYS = range(
    1, 13
)
SIGPIPE, SIGALRM, SIGTERM, SIGURG, SIGSTOP, SIGTSTP, SIGCONT, SIGCHLD, SIGTTIN, SIGTTOU, SIGIO = range(13, 24)
SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGINFO, SIGUSR1, SIGUSR2, SIGPWR = range(24, 33)
NSIG = 64

_NAMES = {value: name for name, value in dict(globals()).items() if name.startswith("SIG")}


def signal_name(number: int) -> str:
    """A signal's name; its number where it has none."""
    return _NAMES.get(number, str(number))
