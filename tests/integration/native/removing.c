/* Directories that change while they are read, argv[1] bytes at a time: one below each of the other arguments. */
static int seen[40];

static void make(char kind, int i)
{
	char name[8];
	int fd;

	snprintf(name, sizeof name, "%c%02d", kind, i);
	CHECK((fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0 && close(fd) == 0);
}

/* Does `what` to each entry of the directory as it is read. */
static void each(size_t size, void (*what)(const char *))
{
	static char b[4096];
	int fd = open(".", O_RDONLY);
	long n, at;

	CHECK(fd >= 0);
	while ((n = getdents(fd, b, size)) > 0)
		for (at = 0; at < n; at += ((struct dirent *)(b + at))->d_reclen)
			if (((struct dirent *)(b + at))->d_name[0] != '.')
				what(((struct dirent *)(b + at))->d_name);
	CHECK(n == 0);
	close(fd);
}

static void forget(const char *name) { CHECK(unlink(name) == 0); }

/* `kNN` is seen; some `gNN` goes, another gets a name before and one behind all others, and a new file comes. */
static void disturb(const char *name)
{
	static int next;
	char old[8], new[8];

	if (name[0] != 'k')
		return;
	seen[atoi(name + 1)]++;
	snprintf(old, sizeof old, "g%02d", next % 40);
	snprintf(new, sizeof new, "%c%02d", next % 3 == 0 ? 'a' : 'z', next);
	if (next % 3 == 1)
		unlink(old);
	else
		rename(old, new);
	make("bx"[next % 2], next);
	next++;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)atoi(argv[1]);
	int i;

	for (argv += 2; *argv != NULL; argv++) {
		CHECK(chdir(*argv) == 0 && mkdir("d", 0700) == 0 && chdir("d") == 0);
		memset(seen, 0, sizeof seen);
		for (i = 0; i < 40; i++) {
			make('g', i);
			make('k', i);
		}
		each(size, disturb);
		for (i = 0; i < 40; i++)
			CHECK(seen[i] == 1);
		each(size, forget);
		CHECK(chdir("..") == 0 && rmdir("d") == 0);
	}
	return 0;
}
