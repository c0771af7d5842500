/* <pwd.h>, <grp.h>: /etc/passwd and /etc/group, if there are any; else root and wheel are known. <syslog.h>. */

#include "library.h"

#include <sys/types.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <paths.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

WEAK(getpwnam) WEAK(getpwuid) WEAK(getgrnam) WEAK(getgrgid) WEAK(openlog) WEAK(syslog) WEAK(vsyslog) WEAK(closelog) WEAK(setlogmask)

struct row { char line[512], *words[10]; };

/* The row of a file whose first word is `name`, or whose third is `id`; cut into words at each colon. */
static char **
row(struct row *r, const char *file, const char *otherwise, const char *name, unsigned id)
{
	char *line = r->line, **words = r->words;
	FILE *f = fopen(file, "r");
	int i, found = 0;

	while (!found) {
		char *rest = line;

		if (f != NULL ? fgets(line, sizeof(r->line), f) == NULL : otherwise == NULL)
			break;
		if (f == NULL) {
			strlcpy(line, otherwise, sizeof(r->line));
			otherwise = NULL;
		}
		line[strcspn(line, "\n")] = '\0';
		for (i = 0; i < 10; i++)
			if ((words[i] = strsep(&rest, ":")) == NULL)
				words[i] = line + strlen(line);
		found = name != NULL ? strcmp(words[0], name) == 0 : *words[2] != '\0' && strtoul(words[2], NULL, 10) == id;
	}
	if (f != NULL)
		fclose(f);
	return found ? words : NULL;
}

static struct passwd *
passwd(const char *name, uid_t uid)
{
	static struct passwd pw;
	static struct row last;
	char **w = row(&last, _PATH_PASSWD, "root:*:0:0:Charlie &:/root:/bin/sh", name, uid);

	if (w == NULL)
		return NULL;
	pw.pw_name = w[0], pw.pw_passwd = w[1];
	pw.pw_uid = (uid_t)strtoul(w[2], NULL, 10);
	pw.pw_gid = (gid_t)strtoul(w[3], NULL, 10);
	pw.pw_change = pw.pw_expire = 0;
	pw.pw_class = (char *)"";
	pw.pw_gecos = w[4], pw.pw_dir = w[5], pw.pw_shell = w[6];
	return &pw;
}

static struct group *
group(const char *name, gid_t gid)
{
	static struct group gr;
	static char *members[64];
	static struct row last;
	char **w = row(&last, _PATH_GROUP, "wheel:*:0:root", name, gid), *rest;
	int n = 0;

	if (w == NULL)
		return NULL;
	gr.gr_name = w[0], gr.gr_passwd = w[1];
	gr.gr_gid = (gid_t)strtoul(w[2], NULL, 10);
	for (rest = w[3]; n < 63 && (members[n] = strsep(&rest, ",")) != NULL; n += *members[n] != '\0')
		continue;
	members[n] = NULL;
	gr.gr_mem = members;
	return &gr;
}

struct passwd *getpwnam(const char *name) { return passwd(name, 0); }
struct passwd *getpwuid(uid_t uid) { return passwd(NULL, uid); }
struct group *getgrnam(const char *name) { return group(name, 0); }
struct group *getgrgid(gid_t gid) { return group(NULL, gid); }

/* -- messages for the system's log: the console has it -- */

static const char *tag;
static int options, logged = 0xff;

void openlog(const char *ident, int option, int facility) { tag = ident; options = option; (void)facility; }
void closelog(void) {}
int setlogmask(int mask) { int old = logged; if (mask != 0) logged = mask; return old; }

/* A format in which the reason stands for each %m. */
static void
explain(char *to, size_t room, const char *fmt, const char *why)
{
	while (*fmt != '\0') {
		int two = *fmt == '%' && fmt[1] != '\0', reason = two && fmt[1] == 'm';
		size_t n = reason ? strlen(why) : 1 + (size_t)two;

		if (n >= room)
			break;
		memcpy(to, reason ? why : fmt, n);
		to += n;
		room -= n;
		fmt += 1 + two;
	}
	*to = '\0';
}

void
vsyslog(int priority, const char *fmt, va_list ap)
{
	char with[1024], text[1024];
	int fd, n;

	if (!(logged & LOG_MASK(LOG_PRI(priority))))
		return;
	explain(with, sizeof(with), fmt, strerror(errno));
	snprintf(text, sizeof(text) / 2, "%s", tag != NULL ? tag : __progname);
	n = (int)strlen(text);
	if (options & LOG_PID)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "[%d]", getpid());
	n += snprintf(text + n, sizeof(text) - (size_t)n, ": ");
	vsnprintf(text + n, sizeof(text) - (size_t)n - 1, with, ap);
	n = (int)strlen(text);
	if (text[n - 1] != '\n')
		text[n++] = '\n';
	if (options & LOG_PERROR)
		(void)write(STDERR_FILENO, text, (size_t)n);
	if ((fd = open(_PATH_CONSOLE, O_WRONLY)) >= 0) {
		(void)write(fd, text, (size_t)n);
		close(fd);
	}
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
}
