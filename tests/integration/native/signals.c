/* Signals: who sent them, how handlers run, and what they do to calls that sleep. */
static volatile int got, depth, deepest, rounds;
static siginfo_t info;
static pid_t me, child;
static int st;

static void on(int signo) { got = signo; }
static void act(int signo, siginfo_t *i, void *uc) { got = signo; info = *i; }
static void again(int signo)
{
	if (++depth > deepest)
		deepest = depth;
	if (++rounds < 3)
		raise(signo);
	depth--;
}

static void set(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = flags };

	got = 0;
	CHECK(sigaction(signo, &sa, NULL) == 0);
}

static const struct timespec brief = { 0, 20000000 };

/* A child sends this process a signal again and again, until it has what it waits for. */
static void pester(int signo, int then)
{
	if ((child = fork()) != 0)
		return;
	for (;;) {
		nanosleep(&brief, NULL);
		kill(me, signo);
		nanosleep(&brief, NULL);
		kill(me, then);
	}
}

static void quiet(void)
{
	kill(child, SIGKILL);
	CHECK(wait(&st) == child);
}

static void senders(void)
{
	struct sigaction was;
	struct itimerval timer = { { 0, 0 }, { 0, 1000 } }, left;
	sigset_t alarms, none;

	set(SIGUSR1, act, SA_SIGINFO);
	CHECK(kill(me, SIGUSR1) == 0 && got == SIGUSR1 && info.si_code == SI_USER && info.si_pid == me && info.si_uid == 0);
	CHECK(sigaction(SIGUSR1, NULL, &was) == 0 && was.sa_sigaction == act && was.sa_flags == SA_SIGINFO);
	set(SIGUSR1, act, SA_SIGINFO | SA_RESETHAND);
	raise(SIGUSR1);
	CHECK(sigaction(SIGUSR1, NULL, &was) == 0 && was.sa_handler == SIG_DFL);
	set(SIGCHLD, act, SA_SIGINFO | SA_RESTART);
	if ((child = fork()) == 0)
		_exit(9);
	CHECK(wait(&st) == child && got == SIGCHLD && info.si_pid == child && info.si_code == CLD_EXITED);
	CHECK(info.si_status == 9);
	if ((child = fork()) == 0)
		raise(SIGTERM);
	CHECK(wait(&st) == child && info.si_code == CLD_KILLED && info.si_status == SIGTERM);
	signal(SIGCHLD, SIG_DFL);
	set(SIGALRM, act, SA_SIGINFO);
	sigemptyset(&none);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0 && sigsuspend(&none) == -1);
	CHECK(got == SIGALRM && info.si_code == SI_TIMER);
	sigprocmask(SIG_SETMASK, &none, NULL);
	timer.it_value.tv_sec = 100;
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0 && getitimer(ITIMER_REAL, &left) == 0);
	CHECK(left.it_value.tv_sec >= 99 && left.it_interval.tv_sec == 0);
	CHECK(alarm(0) >= 99 && alarm(0) == 0);
	FAILS(setitimer(ITIMER_PROF, &timer, NULL), EINVAL);
	FAILS(sigaction(SIGKILL, &was, NULL), EINVAL);
	FAILS(sigaction(NSIG, &was, NULL), EINVAL);
	FAILS(kill(me, NSIG), EINVAL);
	FAILS(kill(31234, 0), ESRCH);
}

static void sleeping(void)
{
	struct timespec want = { 1000, 0 }, left = { 0, 0 }, from, to;
	int p[2];
	char c = 0;

	pipe(p);
	set(SIGUSR2, act, SA_SIGINFO);
	pester(SIGUSR2, SIGUSR2);
	FAILS(nanosleep(&want, &left), EINTR);
	CHECK(left.tv_sec > 900 && left.tv_sec < 1000 && got == SIGUSR2 && info.si_pid == child);
	FAILS(read(p[0], &c, 1), EINTR);
	FAILS(poll(&(struct pollfd){ p[0], POLLIN, 0 }, 1, -1), EINTR);
	quiet();
	/* who is stopped in a sleep and goes on knows nothing of it */
	clock_gettime(CLOCK_MONOTONIC, &from);
	pester(SIGSTOP, SIGCONT);
	want.tv_sec = 0, want.tv_nsec = 100000000;
	CHECK(nanosleep(&want, NULL) == 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	CHECK((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 99);
	quiet();
	if ((child = fork()) == 0) {
		nanosleep(&brief, NULL);
		kill(me, SIGSTOP);
		nanosleep(&brief, NULL);
		kill(me, SIGCONT);
		_exit(write(p[1], "x", 1) != 1);
	}
	CHECK(read(p[0], &c, 1) == 1 && c == 'x' && wait(&st) == child && st == 0);
	want = (struct timespec){ 0, 1000000000 };
	FAILS(nanosleep(&want, NULL), EINVAL);
}

int main(void)
{
	me = getpid();
	senders();
	sleeping();
	signal(SIGUSR1, again);			/* blocked in its own handler: one after the other */
	raise(SIGUSR1);
	CHECK(rounds == 3 && deepest == 1);
	set(SIGUSR1, (void (*)(int, siginfo_t *, void *))again, SA_NODEFER);
	rounds = 0;
	raise(SIGUSR1);
	CHECK(deepest == 3);
	return 0;
}
