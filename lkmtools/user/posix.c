/* What processes ask the system by way of its calls: running programs, terminals, its names and limits. */

#include "library.h"

#include <sys/types.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

WEAK(execvp) WEAK(execl) WEAK(execlp) WEAK(execle) WEAK(gethostname) WEAK(getpagesize) WEAK(getdtablesize) WEAK(sysconf)
WEAK(uname) WEAK(daemon) WEAK(tcgetattr) WEAK(tcsetattr) WEAK(tcgetpgrp) WEAK(tcsetpgrp) WEAK(cfmakeraw) WEAK(cfgetospeed)
WEAK(cfgetispeed) WEAK(cfsetospeed) WEAK(cfsetispeed) WEAK(cfsetspeed) WEAK(getlogin) WEAK(setpgrp) WEAK(vfork) WEAK(ualarm) WEAK(sigblock)
WEAK(sigsetmask) WEAK(siginterrupt) WEAK(sysctlbyname) WEAK(sysctlnametomib) WEAK(ttyname) WEAK(getpass) WEAK(system)

extern char **environ;
int	__getlogin(char *, size_t);

/* -- programs -- */

/* execve(), and the shell for a file that is neither a program nor says what interprets it. */
static int
run(const char *path, char *const argv[])
{
	int n = 0;

	execve(path, argv, environ);
	if (errno != ENOEXEC)
		return -1;
	while (argv[n] != NULL)
		n++;
	{
		char *words[n + 2];

		words[0] = (char *)"sh";
		words[1] = (char *)path;
		if (n > 1)
			memcpy(words + 2, argv + 1, (size_t)(n - 1) * sizeof(*words));
		words[n > 1 ? n + 1 : 2] = NULL;
		return execve(_PATH_BSHELL, words, environ);
	}
}

int
execvp(const char *name, char *const argv[])
{
	const char *path = getenv("PATH"), *end;
	char full[MAXPATHLEN];
	int denied = 0;

	if (strchr(name, '/') != NULL)
		return run(name, argv);
	if (*name == '\0') {
		errno = ENOENT;
		return -1;
	}
	for (path = path != NULL ? path : _PATH_DEFPATH; ; path = end + 1) {
		end = path + strcspn(path, ":");
		snprintf(full, sizeof(full), "%.*s/%s", end != path ? (int)(end - path) : 1, end != path ? path : ".", name);
		run(full, argv);
		denied |= errno == EACCES;
		if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || *end == '\0')
			break;
	}
	if (denied)
		errno = EACCES;
	return -1;
}

/* The words of execl() and its kin, up to the NULL, and for execle() the environment behind it. */
#define WORDS(first, call) \
	va_list ap; \
	int n = 1; \
	va_start(ap, first); \
	while (va_arg(ap, char *) != NULL) \
		n++; \
	va_end(ap); \
	{ \
		char *argv[n + 1]; \
		argv[0] = (char *)first; \
		va_start(ap, first); \
		for (n = 1; (argv[n] = va_arg(ap, char *)) != NULL; n++) \
			continue; \
		n = call; \
		va_end(ap); \
		return n; \
	}
int execl(const char *path, const char *arg, ...) { WORDS(arg, execve(path, argv, environ)) }
int execlp(const char *name, const char *arg, ...) { WORDS(arg, execvp(name, argv)) }
int execle(const char *path, const char *arg, ...) { WORDS(arg, execve(path, argv, va_arg(ap, char **))) }
#undef WORDS

/* The parent runs on beside its child: what it changes the parent does not see, as POSIX allows. */
pid_t vfork(void) { return fork(); }

/* With /bin/sh, if somebody has mounted one; SIGINT and SIGQUIT are the command's, and SIGCHLD waits meanwhile. */
int
system(const char *command)
{
	sig_t interrupt, quit;
	sigset_t child, before;
	int status = -1;
	pid_t pid, ended;

	if (command == NULL)
		return access(_PATH_BSHELL, X_OK) == 0;
	interrupt = signal(SIGINT, SIG_IGN);
	quit = signal(SIGQUIT, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	if ((pid = fork()) == 0) {
		signal(SIGINT, interrupt);
		signal(SIGQUIT, quit);
		sigprocmask(SIG_SETMASK, &before, NULL);
		execl(_PATH_BSHELL, "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	do
		ended = pid < 0 ? pid : waitpid(pid, &status, 0);
	while (ended < 0 && pid > 0 && errno == EINTR);
	signal(SIGINT, interrupt);
	signal(SIGQUIT, quit);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ended < 0 ? -1 : status;
}

int
daemon(int nochdir, int noclose)
{
	int fd;

	switch (fork()) {
	case -1: return -1;
	case 0: break;
	default: _exit(0);
	}
	if (setsid() < 0)
		return -1;
	if (!nochdir)
		(void)chdir("/");
	if (!noclose && (fd = open(_PATH_DEVNULL, O_RDWR)) >= 0) {
		dup2(fd, 0), dup2(fd, 1), dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	return 0;
}

/* -- what the system is, and its limits -- */

static int
number_of(int top, int second)
{
	int name[2] = { top, second }, value = -1;
	size_t size = sizeof(value);

	return sysctl(name, 2, &value, &size, NULL, 0) < 0 ? -1 : value;
}

static int
text_of(int top, int second, char *buf, size_t room)
{
	int name[2] = { top, second };
	size_t size = room - 1;

	if (sysctl(name, 2, buf, &size, NULL, 0) < 0 && errno != ENOMEM)
		return -1;
	buf[size < room ? size : room - 1] = '\0';
	return 0;
}

int getpagesize(void) { return PAGE_SIZE; }
int gethostname(char *buf, size_t room) { return room == 0 ? 0 : text_of(CTL_KERN, KERN_HOSTNAME, buf, room); }

int
getdtablesize(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : (int)limit.rlim_cur;
}

long
sysconf(int name)
{
	switch (name) {
	case _SC_ARG_MAX: return ARG_MAX;
	case _SC_OPEN_MAX: return getdtablesize();
	case _SC_NGROUPS_MAX: return NGROUPS_MAX;
	case _SC_PAGESIZE: return PAGE_SIZE;
	case _SC_CLK_TCK: return 100;
	case _SC_NPROCESSORS_CONF: case _SC_NPROCESSORS_ONLN: return number_of(CTL_HW, HW_NCPU);
	}
	errno = EINVAL;
	return -1;
}

int
uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	if (text_of(CTL_KERN, KERN_OSTYPE, u->sysname, sizeof(u->sysname)) < 0 ||
	    text_of(CTL_KERN, KERN_HOSTNAME, u->nodename, sizeof(u->nodename)) < 0 ||
	    text_of(CTL_KERN, KERN_OSRELEASE, u->release, sizeof(u->release)) < 0 ||
	    text_of(CTL_KERN, KERN_VERSION, u->version, sizeof(u->version)) < 0 ||
	    text_of(CTL_HW, HW_MACHINE, u->machine, sizeof(u->machine)) < 0)
		return -1;
	u->version[strcspn(u->version, "\n")] = '\0';
	return 0;
}

/* The number of the child called by the first n characters of `text` of a node, whose own are mib[0] ... mib[depth - 1]. */
static int
child(int *mib, u_int depth, const char *text, size_t n)
{
	struct sysctlnode query = { .sysctl_flags = SYSCTL_VERSION }, *nodes = NULL;
	size_t size = 0, i;
	int found = -1;

	mib[depth] = CTL_QUERY;
	if (sysctl(mib, depth + 1, NULL, &size, &query, sizeof(query)) < 0)
		return -1;
	if ((nodes = malloc(size + 1)) == NULL || sysctl(mib, depth + 1, nodes, &size, &query, sizeof(query)) < 0) {
		free(nodes);
		return -1;
	}
	for (i = 0; i < size / sizeof(*nodes) && found < 0; i++)
		if (strlen(nodes[i].sysctl_name) == n && strncmp(nodes[i].sysctl_name, text, n) == 0)
			found = nodes[i].sysctl_num;
	free(nodes);
	if (found < 0)
		errno = ENOENT;
	return found;
}

int
sysctlnametomib(const char *text, int *mib, size_t *depth)
{
	int found[CTL_MAXNAME + 1];
	u_int n = 0;

	for (;; text++) {
		size_t length = strcspn(text, ".");

		if (n == CTL_MAXNAME || (found[n] = child(found, n, text, length)) < 0) {
			errno = n == CTL_MAXNAME || errno == ENOTDIR ? ENOENT : errno;
			return -1;
		}
		n++;
		text += length;
		if (*text == '\0')
			break;
	}
	if (n > *depth) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(mib, found, n * sizeof(*mib));
	*depth = n;
	return 0;
}

int
sysctlbyname(const char *text, void *old, size_t *oldlen, const void *new, size_t newlen)
{
	int mib[CTL_MAXNAME];
	size_t depth = CTL_MAXNAME;

	return sysctlnametomib(text, mib, &depth) < 0 ? -1 : sysctl(mib, (u_int)depth, old, oldlen, new, newlen);
}

/* -- terminals -- */

int tcgetattr(int fd, struct termios *t) { return ioctl(fd, TIOCGETA, t); }
int tcgetpgrp(int fd) { int pgrp; return ioctl(fd, TIOCGPGRP, &pgrp) < 0 ? -1 : pgrp; }
int tcsetpgrp(int fd, pid_t pgrp) { return ioctl(fd, TIOCSPGRP, &pgrp); }
speed_t cfgetospeed(const struct termios *t) { return t->c_ospeed; }
speed_t cfgetispeed(const struct termios *t) { return t->c_ispeed; }
int cfsetospeed(struct termios *t, speed_t speed) { t->c_ospeed = speed; return 0; }
int cfsetispeed(struct termios *t, speed_t speed) { t->c_ispeed = speed; return 0; }
int cfsetspeed(struct termios *t, speed_t speed) { t->c_ispeed = t->c_ospeed = speed; return 0; }

int
tcsetattr(int fd, int when, const struct termios *t)
{
	switch (when & ~TCSASOFT) {
	case TCSANOW: return ioctl(fd, TIOCSETA, t);
	case TCSADRAIN: return ioctl(fd, TIOCSETAW, t);
	case TCSAFLUSH: return ioctl(fd, TIOCSETAF, t);
	}
	errno = EINVAL;
	return -1;
}

void
cfmakeraw(struct termios *t)
{
	t->c_iflag &= ~(IMAXBEL | IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t->c_oflag &= ~OPOST;
	t->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t->c_cflag = (t->c_cflag & ~(CSIZE | PARENB)) | CS8;
}

char *
ttyname(int fd)
{
	static char name[] = _PATH_TTY;

	if (isatty(fd))
		return name;
	errno = ENOTTY;
	return NULL;
}

/* A line without its end; what is typed shows. */
char *
getpass(const char *prompt)
{
	static char line[129];

	fputs(prompt, stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* -- processes and signals as BSD had them -- */

/* The login name of the session, until the next call; NULL when it has none. */
char *
getlogin(void)
{
	static char name[MAXLOGNAME];

	return __getlogin(name, sizeof(name)) == 0 && name[0] != '\0' ? name : NULL;
}

int setpgrp(pid_t pid, pid_t pgrp) { return setpgid(pid, pgrp); }

useconds_t
ualarm(useconds_t first, useconds_t again)
{
	struct itimerval want = { { again / 1000000, again % 1000000 }, { first / 1000000, first % 1000000 } }, old;

	return setitimer(ITIMER_REAL, &want, &old) < 0 ? (useconds_t)-1 :
	    (useconds_t)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

static int
mask(int how, int bits)
{
	sigset_t new = { { (uint32_t)bits } }, old;

	sigprocmask(how, &new, &old);
	return (int)old.__bits[0];
}
int sigblock(int bits) { return mask(SIG_BLOCK, bits); }
int sigsetmask(int bits) { return mask(SIG_SETMASK, bits); }

int
siginterrupt(int signo, int flag)
{
	struct sigaction act;

	if (sigaction(signo, NULL, &act) < 0)
		return -1;
	act.sa_flags = flag ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
	return sigaction(signo, &act, NULL);
}
