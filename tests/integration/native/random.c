/*
 * Calls and arguments at random, from the seed argv[1] on, by argv[2] children: each gets answers or dies. A child that
 * sleeps is woken by an alarm, and killed when it blocks that.
 */
static unsigned long long state;
static char words[16384], *end_of_page;
static const char *const paths[] = {
	"/", "/dev", "/dev/null", "/dev/zero", "/dev/lkm", "/dev/ksyms", "/dev/console", "/tmp", "/tmp/a",
	"/tmp/b", "..", "", "/nothing/x", "prog"
};
static const int left_out[] = { SYS_kill, SYS_reboot, SYS_fork, SYS_vfork, SYS_setsid, SYS_setpgid };
static const struct itimerval soon = { .it_value = { 0, 30000 } };

static unsigned long rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned long)(state >> 11);
}

static unsigned long argument(void)
{
	switch (rnd() % 12) {
	case 0: return 0;
	case 1: return rnd() % 8;
	case 2: return (unsigned long)-1;
	case 3: return KERNEL + rnd() % 0x100000;
	case 4: case 5: return (unsigned long)words + rnd() % sizeof(words);
	case 6: return (unsigned long)end_of_page - rnd() % 64;
	case 7: return rnd();
	case 8: return rnd() % 4096;
	case 9: case 10: return (unsigned long)paths[rnd() % (sizeof(paths) / sizeof(paths[0]))];
	default: return 1UL << rnd() % (8 * sizeof(long));
	}
}

static void child(unsigned long long seed, int calls)
{
	int i, number;
	unsigned n, skip;

	setpgid(0, 0);
	state = seed * 1000003ULL + 88172645463325252ULL;
	for (n = 0; n < sizeof(words); n += sizeof(int))
		*(int *)(words + n) = rnd();
	if (seed % 3 == 0)
		setuid(1000);
	for (i = 0; i < calls; i++) {
		number = rnd() % 512;
		for (n = skip = 0; n < sizeof(left_out) / sizeof(left_out[0]); n++)
			skip |= left_out[n] == number;
		if (skip)
			continue;
		setitimer(ITIMER_REAL, &soon, NULL);
		syscall(number, argument(), argument(), argument(), argument(), argument(), argument(), argument());
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int seed = atoi(argv[1]), last = seed + atoi(argv[2]), st, naps;
	struct timespec nap = { 0, 10000000 };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
	pid_t p;

	end_of_page = page + 4096;
	munmap(end_of_page, 4096);
	for (; seed < last; seed++) {
		if ((p = fork()) == 0)
			child(seed, 60);
		for (naps = 0; waitpid(p, &st, WNOHANG) == 0; naps++) {
			nanosleep(&nap, NULL);
			if (naps == 20)
				kill(p, SIGKILL);
		}
	}
	return 0;
}
