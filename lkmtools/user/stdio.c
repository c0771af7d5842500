/*
 * Streams. A stream has one buffer, for what was read or for what is to be written. Standard output is written at each
 * end of line, standard error at once, and anything else when the buffer is full.
 */

#include "library.h"

#include <sys/types.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(fopen) WEAK(fdopen) WEAK(freopen) WEAK(fclose) WEAK(fflush) WEAK(fgetc) WEAK(getc) WEAK(getchar) WEAK(ungetc)
WEAK(fgets) WEAK(gets) WEAK(fread) WEAK(fputc) WEAK(putc) WEAK(putchar) WEAK(fputs) WEAK(puts) WEAK(fwrite) WEAK(fseek)
WEAK(fseeko) WEAK(ftell) WEAK(ftello) WEAK(rewind) WEAK(feof) WEAK(ferror) WEAK(clearerr) WEAK(fileno) WEAK(setvbuf)
WEAK(setbuf) WEAK(setlinebuf) WEAK(remove) WEAK(fgetln) WEAK(fgetpos) WEAK(fsetpos)

static FILE err = { .fd = 2, .flags = F_WRITE | F_UNBUFFERED, .at = PUSHED, .end = PUSHED };
static FILE out = { .fd = 1, .flags = F_WRITE | F_LINED, .at = PUSHED, .end = PUSHED, .next = &err };
static FILE in = { .fd = 0, .flags = F_READ, .at = PUSHED, .end = PUSHED, .next = &out };
FILE *stdin = &in, *stdout = &out, *stderr = &err;
static FILE *all = &in;

/* EOF, and the stream says why. */
static int
fail(FILE *f, int error)
{
	errno = error;
	f->flags |= F_ERROR;
	return EOF;
}

int
fflush(FILE *f)
{
	size_t done = PUSHED, end;
	ssize_t n;

	if (f == NULL)
		return __flush_all();
	if (!(f->flags & F_WRITE)) {
		errno = EBADF;
		return EOF;
	}
	if (!(f->flags & F_OUTPUT))
		return 0;
	if (f->flags & F_APPEND)
		lseek(f->fd, 0, SEEK_END);
	for (end = f->end, f->end = PUSHED; done < end; done += (size_t)n)
		if ((n = write(f->fd, f->data + done, end - done)) < 0)
			return fail(f, errno);
	return 0;
}

int
__flush_all(void)
{
	int result = 0;
	FILE *f;

	for (f = all; f != NULL; f = f->next)
		if (f->flags & F_OUTPUT && fflush(f) != 0)
			result = EOF;
	return result;
}

/* The buffer is for output (F_OUTPUT) or for input (0) from now on. */
static int
turn(FILE *f, int to)
{
	if ((f->flags & F_OUTPUT) == to)
		return 0;
	if (!(f->flags & (to ? F_WRITE : F_READ)))
		return fail(f, EBADF);
	if (!to && fflush(f) != 0)
		return EOF;
	if (to && f->at != f->end)
		lseek(f->fd, -(off_t)(f->end - f->at), SEEK_CUR);
	f->at = f->end = PUSHED;
	f->flags ^= F_OUTPUT;
	return 0;
}

/* -- opening and closing -- */

/* The F_ flags of a mode such as "r+b", and those of open(2); 0 for one that is none. */
static int
modes(const char *mode, int *oflags)
{
	int flags = *mode == 'r' ? F_READ : *mode == 'w' || *mode == 'a' ? F_WRITE : 0;

	*oflags = *mode == 'w' ? O_CREAT | O_TRUNC : *mode == 'a' ? O_CREAT | O_APPEND : 0;
	if (strchr(mode, '+') != NULL)
		flags |= flags != 0 ? F_READ | F_WRITE : 0;
	*oflags |= flags == (F_READ | F_WRITE) ? O_RDWR : flags == F_WRITE ? O_WRONLY : O_RDONLY;
	if (flags == 0)
		errno = EINVAL;
	return flags;
}

static FILE *
begin(FILE *f, int fd, int flags)
{
	f->fd = fd;
	f->flags = flags;
	f->at = f->end = PUSHED;
	return f;
}

FILE *
fdopen(int fd, const char *mode)
{
	int oflags, flags = modes(mode, &oflags), has;
	FILE *f;

	if (flags == 0 || (has = fcntl(fd, F_GETFL)) < 0)
		return NULL;
	if ((has & O_ACCMODE) != O_RDWR && (has & O_ACCMODE) != (oflags & O_ACCMODE)) {
		errno = EINVAL;
		return NULL;
	}
	if (oflags & O_APPEND && !(has & O_APPEND))
		flags |= F_APPEND;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->next = all;
	return all = begin(f, fd, flags);
}

FILE *
fopen(const char *name, const char *mode)
{
	int oflags, fd;
	FILE *f;

	if (modes(mode, &oflags) == 0 || (fd = open(name, oflags, 0666)) < 0)
		return NULL;
	if ((f = fdopen(fd, mode)) == NULL)
		close(fd);
	else if (oflags & O_APPEND)
		lseek(fd, 0, SEEK_END);
	return f;
}

FILE *
freopen(const char *name, const char *mode, FILE *f)
{
	int oflags, flags = modes(mode, &oflags), buffering = f->flags & (F_LINED | F_UNBUFFERED), before = f->fd, fd;

	if (f->flags & F_OUTPUT)
		fflush(f);
	close(before);
	if (flags == 0 || (fd = open(name, oflags, 0666)) < 0) {
		begin(f, -1, 0);
		return NULL;
	}
	if (before >= 0 && fd != before && dup2(fd, before) >= 0) {	/* the descriptor stays what it was */
		close(fd);
		fd = before;
	}
	if (oflags & O_APPEND)
		lseek(fd, 0, SEEK_END);
	return begin(f, fd, flags | buffering);
}

int
fclose(FILE *f)
{
	int result = f->flags & F_OUTPUT ? fflush(f) : 0;
	FILE **p;

	if (close(f->fd) < 0)
		result = EOF;
	for (p = &all; *p != f; p = &(*p)->next)
		continue;
	*p = f->next;
	begin(f, -1, 0);
	free(f->line);
	f->line = NULL;
	f->room = 0;
	if (f != &in && f != &out && f != &err)
		free(f);
	return result;
}

/* -- reading -- */

static int
refill(FILE *f)
{
	ssize_t n;

	if (!(f->flags & F_READ))
		return fail(f, EBADF);
	if (f->flags & F_EOF || turn(f, 0) != 0)
		return EOF;
	if (out.flags & F_OUTPUT)
		fflush(&out);	/* what is asked stands before the answer */
	n = read(f->fd, f->data + PUSHED, f->flags & F_UNBUFFERED ? 1 : BUFSIZ);
	if (n < 0)
		return fail(f, errno);
	f->at = PUSHED;
	f->end = PUSHED + (size_t)n;
	if (n == 0) {
		f->flags |= F_EOF;
		return EOF;
	}
	return 0;
}

int
fgetc(FILE *f)
{
	if ((f->flags & F_OUTPUT || f->at == f->end) && refill(f) != 0)
		return EOF;
	return (u_char)f->data[f->at++];
}
int getc(FILE *f) { return fgetc(f); }
int getchar(void) { return fgetc(stdin); }

int
ungetc(int c, FILE *f)
{
	if (c == EOF || !(f->flags & F_READ) || turn(f, 0) != 0 || f->at == 0)
		return EOF;
	f->data[--f->at] = (char)c;
	f->flags &= ~F_EOF;
	return (u_char)c;
}

char *
fgets(char *buf, int room, FILE *f)
{
	char *p = buf;
	int c;

	if (room <= 0)
		return NULL;
	while (--room > 0) {
		if ((c = fgetc(f)) == EOF) {
			if (p == buf || f->flags & F_ERROR)
				return NULL;
			break;
		}
		if ((*p++ = (char)c) == '\n')
			break;
	}
	*p = '\0';
	return buf;
}

char *
gets(char *buf)
{
	char *p = buf;
	int c;

	while ((c = getchar()) != '\n') {
		if (c == EOF) {
			if (p == buf)
				return NULL;
			break;
		}
		*p++ = (char)c;
	}
	*p = '\0';
	return buf;
}

/* A line with its end, not NUL-terminated, until the next call for the same stream. */
char *
fgetln(FILE *f, size_t *len)
{
	size_t n = 0;
	int c;

	*len = 0;
	while ((c = fgetc(f)) != EOF) {
		if (n == f->room) {
			char *more = realloc(f->line, 2 * n + 128);

			if (more == NULL)
				return NULL;
			f->line = more;
			f->room = 2 * n + 128;
		}
		f->line[n++] = (char)c;
		if (c == '\n')
			break;
	}
	*len = n;
	return n != 0 ? f->line : NULL;
}

size_t
fread(void *buf, size_t size, size_t n, FILE *f)
{
	size_t total = size * n, done = 0;
	int c;

	while (done < total && (c = fgetc(f)) != EOF)
		((char *)buf)[done++] = (char)c;
	return size != 0 ? done / size : 0;
}

/* -- writing -- */

int
__put(int c, FILE *f)
{
	if (turn(f, F_OUTPUT) != 0)
		return EOF;
	f->data[f->end++] = (char)c;
	if ((f->end == sizeof(f->data) || (c == '\n' && f->flags & F_LINED)) && fflush(f) != 0)
		return EOF;
	return (u_char)c;
}

int
__settle(FILE *f)
{
	if (f->flags & F_UNBUFFERED)
		fflush(f);
	return f->flags & F_ERROR ? EOF : 0;
}

int
fputc(int c, FILE *f)
{
	int result = __put(c, f);

	return f->flags & F_UNBUFFERED && fflush(f) != 0 ? EOF : result;
}
int putc(int c, FILE *f) { return fputc(c, f); }
int putchar(int c) { return fputc(c, stdout); }

size_t
fwrite(const void *buf, size_t size, size_t n, FILE *f)
{
	size_t total = size * n, done = 0;

	while (done < total && __put(((const u_char *)buf)[done], f) != EOF)
		done++;
	if (f->flags & F_UNBUFFERED && fflush(f) != 0)
		done = 0;
	return size != 0 ? done / size : 0;
}

int fputs(const char *s, FILE *f) { size_t n = strlen(s); return fwrite(s, 1, n, f) == n ? 0 : EOF; }
int puts(const char *s) { return fputs(s, stdout) == 0 ? putchar('\n') : EOF; }

/* -- where a stream is, and how -- */

int
fseeko(FILE *f, off_t to, int whence)
{
	if (f->flags & F_OUTPUT) {
		if (fflush(f) != 0)
			return -1;
	} else if (whence == SEEK_CUR)
		to -= (off_t)(f->end - f->at);
	if (lseek(f->fd, to, whence) < 0)
		return -1;
	f->at = f->end = PUSHED;
	f->flags &= ~(F_EOF | F_OUTPUT);
	return 0;
}

off_t
ftello(FILE *f)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);

	if (at < 0)
		return -1;
	return f->flags & F_OUTPUT ? at + (off_t)(f->end - PUSHED) : at - (off_t)(f->end - f->at);
}

int fseek(FILE *f, long to, int whence) { return fseeko(f, to, whence); }

long
ftell(FILE *f)
{
	off_t at = ftello(f);

	if (at == (long)at)
		return (long)at;
	errno = EOVERFLOW;
	return -1;
}

int fgetpos(FILE *f, fpos_t *at) { return (*at = ftello(f)) < 0 ? -1 : 0; }
int fsetpos(FILE *f, const fpos_t *at) { return fseeko(f, *at, SEEK_SET); }
void rewind(FILE *f) { fseeko(f, 0, SEEK_SET); clearerr(f); }
int feof(FILE *f) { return (f->flags & F_EOF) != 0; }
int ferror(FILE *f) { return (f->flags & F_ERROR) != 0; }
void clearerr(FILE *f) { f->flags &= ~(F_EOF | F_ERROR); }
int fileno(FILE *f) { return f->fd; }

/* A stream keeps its own buffer. */
int
setvbuf(FILE *f, char *buf, int mode, size_t size)
{
	(void)buf, (void)size;
	if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF)
		return EOF;
	f->flags &= ~(F_LINED | F_UNBUFFERED);
	f->flags |= mode == _IOLBF ? F_LINED : mode == _IONBF ? F_UNBUFFERED : 0;
	return 0;
}
void setbuf(FILE *f, char *buf) { setvbuf(f, buf, buf != NULL ? _IOFBF : _IONBF, BUFSIZ); }
int setlinebuf(FILE *f) { return setvbuf(f, NULL, _IOLBF, 0); }

int
remove(const char *name)
{
	struct stat st;

	return lstat(name, &st) < 0 ? -1 : S_ISDIR(st.st_mode) ? rmdir(name) : unlink(name);
}
