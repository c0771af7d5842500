/* <mntopts.h>: "-o ro,noexec,size=4" becomes flags of mount(2), and values of the file system's own. */

#include "library.h"

#include <sys/param.h>
#include <sys/mount.h>
#include <err.h>
#include <errno.h>
#include <mntopts.h>
#include <stdlib.h>
#include <string.h>

WEAK(getmnt_silent) WEAK(getmntopts) WEAK(getmntoptstr) WEAK(getmntoptnum) WEAK(freemntopts) WEAK(pathadj)

struct mntoptparse { char *words; size_t size; };	/* the words, each ended by a NUL */

int getmnt_silent;

mntoptparse_t
getmntopts(const char *options, const struct mntopt *known, int *flags, int *altflags)
{
	mntoptparse_t mp = calloc(1, sizeof(*mp));
	char *rest, *word;

	if (mp == NULL || (mp->words = rest = strdup(options)) == NULL)
		err(1, NULL);
	mp->size = strlen(options) + 1;
	while ((word = strsep(&rest, ",")) != NULL) {
		int negative = strncmp(word, "no", 2) == 0;
		const char *plain = word + 2 * negative;
		size_t n = strcspn(plain, "=");
		const struct mntopt *m;

		for (m = known; m->m_option != NULL; m++) {
			if (strncasecmp(plain, m->m_option, n) == 0 && m->m_option[n + (m->m_option[n] == '=')] == '\0')
				break;
			if (negative && strncasecmp(word, m->m_option, n + 2) == 0 && m->m_option[n + 2] == '\0') {
				negative = 0;	/* a word that begins with "no" itself */
				break;
			}
		}
		if (m->m_option == NULL) {
			if (!getmnt_silent && *word != '\0')
				errx(1, "-o %s: option not supported", word);
			continue;
		}
		{
			int *which = m->m_altloc && altflags != NULL ? altflags : flags;

			*which = negative == m->m_inverse ? *which | m->m_flag : *which & ~m->m_flag;
		}
	}
	return mp;
}

/* The value of "word=value"; NULL without one. */
const char *
getmntoptstr(mntoptparse_t mp, const char *word)
{
	size_t n = strlen(word), at;

	for (at = 0; at < mp->size; at += strlen(mp->words + at) + 1)
		if (strncmp(mp->words + at, word, n) == 0 && mp->words[at + n] == '=')
			return mp->words + at + n + 1;
	return NULL;
}

long
getmntoptnum(mntoptparse_t mp, const char *word)
{
	const char *value = getmntoptstr(mp, word);
	char *end;
	long n;

	if (value == NULL || *value == '\0')
		errx(1, "Missing value for option `%s'", word);
	errno = 0;
	n = strtol(value, &end, 0);
	if (*end != '\0' || errno != 0)
		errx(1, "Invalid value for option `%s': %s", word, value);
	return n;
}

void
freemntopts(mntoptparse_t mp)
{
	free(mp->words);
	free(mp);
}

/* An absolute path as it is; without realpath(3), which needs what a mount may hide. */
void
pathadj(const char *path, char *to)
{
	if (*path != '/')
		warnx("\"%s\" is a relative path.", path);
	strlcpy(to, path, MAXPATHLEN);
}
