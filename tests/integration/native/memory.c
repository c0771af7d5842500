/* Memory: mappings of every kind and place, protection, the break. argv[1]: a file of 6000 times 'a'. */
#define ANON (MAP_ANON | MAP_PRIVATE)
#define RW (PROT_READ | PROT_WRITE)
#define DIES(body) do { int st__; if (fork() == 0) { body; _exit(0); } wait(&st__); CHECK(WTERMSIG(st__) == SIGSEGV); } while (0)

static void anonymous(void)
{
	char *m = mmap(NULL, 3 * 4096, RW, ANON, -1, 0);

	CHECK(m != MAP_FAILED && m[0] == 0 && m[3 * 4096 - 1] == 0);
	m[0] = 1, m[4096] = 2, m[8192] = 3;
	CHECK(mmap(m + 4096, 4096, PROT_READ, ANON | MAP_FIXED, -1, 0) == m + 4096);
	CHECK(m[0] == 1 && m[4096] == 0 && m[8192] == 3);
	DIES(m[4096] = 1);
	CHECK(mprotect(m, 4096, PROT_READ) == 0 && m[0] == 1);
	DIES(m[0] = 2);
	CHECK(mprotect(m, 4096, PROT_NONE) == 0);
	DIES(_exit(m[0]));
	CHECK(mprotect(m, 4096, RW) == 0 && m[0]++ == 1);
	CHECK(munmap(m + 4096, 4096) == 0 && m[0] == 2 && m[8192] == 3);
	DIES(_exit(m[4096]));
	CHECK(mmap(m + 4096, 4096, RW, ANON, -1, 0) == m + 4096);	/* a hint that can be taken */
	FAILS(munmap(m + 1, 4096), EINVAL);
	FAILS((long)mmap((void *)1, 4096, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	FAILS((long)mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
	FAILS((long)mmap(NULL, 4096, RW, ANON, 0, 0), EINVAL);
	FAILS((long)mmap(NULL, (size_t)1 << 30, RW, ANON, -1, 0), ENOMEM);
}

static void files(const char *name)
{
	int fd = open(name, O_RDONLY), zero = open("/dev/zero", O_RDWR);
	char *m = mmap(NULL, 8192, RW, MAP_PRIVATE, fd, 0), *n;

	CHECK(m != MAP_FAILED && m[0] == 'a' && m[5999] == 'a' && m[6000] == 0 && m[8191] == 0);
	m[0] = 'b';			/* for itself: the file is open for reading only */
	n = mmap(m + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	CHECK(n == m + 4096 && n[0] == 'a' && n[4095] == 'a' && m[0] == 'b');
	DIES(n[0] = 1);
	CHECK(munmap(m, 8192) == 0);
	n = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096);
	CHECK(n != MAP_FAILED && n[6000 - 4096 - 1] == 'a' && n[6000 - 4096] == 0);
	FAILS((long)mmap(NULL, 4096, RW, MAP_SHARED, fd, 0), EACCES);
	FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
	FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/dev/null", O_RDWR), 0), EINVAL);
	m = mmap(NULL, 4096, RW, MAP_PRIVATE, zero, 0);
	CHECK(m != MAP_FAILED && m[7]++ == 0 && m[7] == 1);
}

static void heap(void)
{
	char *e = sbrk(0);

	CHECK(sbrk(10000) == e && e[9999] == 0);
	e[9999] = 5;
	CHECK(brk(e + 100) == 0);
	e[50] = 1;
	DIES(e[9999] = 1);
	CHECK(sbrk(10000) == e + 100 && e[9999] == 0 && e[50] == 1);
	FAILS(brk((void *)4096), EINVAL);
	FAILS(brk((void *)(-4096L)), ENOMEM);
	CHECK(brk(e) == 0);
}

int main(int argc, char **argv)
{
	anonymous();
	files(argv[1]);
	heap();
	return 0;
}
