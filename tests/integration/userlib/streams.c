/* Streams: standard input first, then files in the directory argv[1]. */
#include <errno.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buf[5000];

static void
input(void)
{
	int c, n = 0;

	printf("%d %d\n", feof(stdin), fileno(stdin));
	printf("%s|", fgets(buf, 6, stdin));
	printf("%s|", fgets(buf, 100, stdin));
	printf("%s|", fgets(buf, 1, stdin));
	c = getchar();
	printf("%c %d ", c, ungetc('!', stdin));
	printf("%d ", getc(stdin));
	printf("%d ", ungetc(c, stdin));
	printf("%c\n", getchar());
	printf("%d", (int)fread(buf, 3, 4, stdin));
	printf(" %.12s\n", buf);
	while ((c = fgetc(stdin)) != EOF)
		n = (n * 31 + c) % 65521;
	printf("%d %d %d %d\n", n, feof(stdin), ferror(stdin), ungetc(EOF, stdin));
	printf("%d ", ungetc('x', stdin));
	printf("%d ", getchar());
	printf("%d\n", getchar());
	printf("%d ", fgets(buf, 10, stdin) == NULL);
	printf("%d\n", (int)fread(buf, 1, 1, stdin));
	clearerr(stdin);
	printf("%d\n", feof(stdin));
}

static void
show(const char *name)
{
	FILE *f = fopen(name, "r");
	size_t n = fread(buf, 1, sizeof(buf) - 1, f);

	buf[n] = '\0';
	printf("%s has %d bytes, %.60s\n", name, (int)n, buf);
	fclose(f);
}

static void
writing(void)
{
	FILE *f;
	int i;

	f = fopen("f", "w");
	for (i = 0; i < 1000; i++)
		fprintf(f, "%d,", i);
	printf("%ld ", ftell(f));
	printf("%d ", fputc('x', f));
	printf("%d ", fputs("yz\n", f) >= 0);
	printf("%d ", (int)fwrite("0123456789", 2, 5, f));
	printf("%d\n", fclose(f));
	show("f");
	f = fopen("f", "a+");
	fputs("appended", f);
	fseek(f, 2, SEEK_SET);
	printf("%c\n", getc(f));
	fclose(f);
	f = fopen("f", "r+");
	printf("%c", getc(f));
	printf("%c", getc(f));
	fseek(f, 0, SEEK_CUR);
	fputs("AB", f);
	fseek(f, 0, SEEK_CUR);
	printf("%c ", getc(f));
	printf("%ld\n", ftell(f));
	fseek(f, -8, SEEK_END);
	printf("%s ", fgets(buf, 100, f));
	printf("%d", feof(f));
	rewind(f);
	printf(" %d %ld\n", feof(f), ftell(f));
	fseek(f, 3, SEEK_SET);
	fseek(f, 2, SEEK_CUR);
	printf("%c", getc(f));
	fseek(f, -1, SEEK_CUR);
	printf("%c\n", getc(f));
	fclose(f);
	show("f");
}

/* Which descriptor a stream has, where one that appends begins, and what cannot be written. */
static void
descriptors(void)
{
	fpos_t at;
	FILE *f, *g;
	int fd, low;

	f = fopen("f", "a");
	printf("%d ", ftell(f) > 0);
	fclose(f);
	fd = open("f", O_RDONLY);
	errno = 0;
	printf("%d ", fdopen(fd, "w") == NULL && errno == EINVAL);
	printf("%d ", fdopen(fd, "r+") == NULL && errno == EINVAL);
	low = open("f", O_RDONLY);
	f = fdopen(low, "r");
	close(fd);
	f = freopen("g", "r", f);
	printf("%d %c ", fileno(f) == low, getc(f));
	printf("%d ", fgetpos(f, &at));
	printf("%c", getc(f));
	printf("%d %c\n", fsetpos(f, &at), getc(f));
	g = fopen("h", "w");
	setvbuf(g, NULL, _IONBF, 0);
	printf("%d ", (int)fwrite("ab", 1, 2, g));
	close(fileno(g));
	printf("%d ", (int)fwrite("abcd", 2, 2, g));
	printf("%d %d ", fputs("x", g) == EOF, errno == EBADF);
	fclose(g);
	g = fopen("h", "w");
	fputs("x", g);
	close(fileno(g));
	printf("%d\n", fflush(NULL) == EOF);
	fclose(g);
	fclose(f);
}

static void
others(void)
{
	FILE *f, *g;
	int fd;

	f = fopen("none", "r");
	printf("%d %d\n", f == NULL, errno == ENOENT);
	f = fopen("f", "q");
	printf("%d %d\n", f == NULL, errno == EINVAL);
	fd = open("g", O_RDWR | O_CREAT, 0600);
	g = fdopen(fd, "w");
	setvbuf(g, NULL, _IONBF, 0);
	fputs("at once", g);
	printf("%d\n", (int)pread(fd, buf, 100, 0));
	setlinebuf(g);
	fputs(" a line\nand", g);
	printf("%d\n", (int)pread(fd, buf, 100, 0) >= 15);
	fflush(NULL);
	printf("%d %d\n", (int)pread(fd, buf, 100, 0), setvbuf(g, NULL, 77, 0) != 0);
	printf("%d\n", fclose(g));
	f = fopen("g", "r");
	errno = 0;
	printf("%d ", fputc('x', f));
	printf("%d %d\n", ferror(f) != 0, errno == EBADF);
	clearerr(f);
	printf("%d ", ferror(f));
	printf("%c\n", getc(f));
	f = freopen("f", "r", f);
	printf("%c ", getc(f));
	printf("%d ", fseeko(f, 5, SEEK_SET));
	printf("%ld\n", (long)ftello(f));
	fclose(f);
	f = fopen("h", "w");
	setbuf(f, NULL);
	fputc('h', f);
	putc('i', f);
	printf("%d\n", (int)lseek(fileno(f), 0, SEEK_CUR));
	printf("%d ", getc(f));
	printf("%d\n", ferror(f) != 0);
	fclose(f);
	descriptors();
	printf("%d ", rename("h", "i"));
	printf("%d ", remove("i"));
	printf("%d\n", remove("i"));
	mkdir("sub", 0700);
	printf("%d %d %d\n", remove("sub"), remove("f"), remove("g"));
}

int
main(int argc, char **argv)
{
	input();
	if (chdir(argv[1]) != 0)
		return 1;
	writing();
	others();
	fflush(stdout);
	fprintf(stderr, "to standard error\n");
	errno = EACCES;
	perror("perror");
	errno = ENOENT;
	perror("");
	errno = ENOENT;
	perror(NULL);
	printf("without end of line");
	return 0;
}
