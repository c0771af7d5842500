/* <dirent.h>: directories, read a buffer at a time. */

#include "library.h"

#include <sys/types.h>
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(opendir) WEAK(readdir) WEAK(readdir_r) WEAK(rewinddir) WEAK(telldir) WEAK(seekdir) WEAK(closedir) WEAK(scandir)
WEAK(alphasort) WEAK(dirfd)

#define DIRBLKSIZ	4096

/* Where the reader was: the buffer that begins at `start` of the directory, and the place in it. */
struct place { off_t start; size_t at; };

struct _dirdesc {
	int		 fd;
	off_t		 start;		/* where the buffer's first entry was read */
	size_t		 at, end;
	struct place	*places;	/* by what telldir() has returned */
	long		 n_places;
	char		 data[DIRBLKSIZ] __attribute__((__aligned__(8)));
};

DIR *
opendir(const char *name)
{
	struct stat st;
	DIR *dir = NULL;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), error = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0)
		error = errno;
	else if (!S_ISDIR(st.st_mode))
		error = ENOTDIR;
	else if ((dir = calloc(1, sizeof(*dir))) == NULL)
		error = ENOMEM;
	if (dir != NULL)
		dir->fd = fd;
	else {
		close(fd);
		errno = error;
	}
	return dir;
}

int
closedir(DIR *dir)
{
	int result = close(dir->fd);

	free(dir->places);
	free(dir);
	return result;
}

int dirfd(DIR *dir) { return dir->fd; }

/* The next buffer; 0 at the end, -1 for an error. */
static int
fill(DIR *dir)
{
	int n;

	dir->start = lseek(dir->fd, 0, SEEK_CUR);
	n = getdents(dir->fd, dir->data, sizeof(dir->data));
	dir->at = 0;
	dir->end = n > 0 ? (size_t)n : 0;
	return n;
}

struct dirent *
readdir(DIR *dir)
{
	struct dirent *entry;

	do {
		if (dir->at >= dir->end && fill(dir) <= 0)
			return NULL;
		entry = (struct dirent *)(dir->data + dir->at);
		dir->at += entry->d_reclen;
	} while (entry->d_fileno == 0);
	return entry;
}

int
readdir_r(DIR *dir, struct dirent *entry, struct dirent **result)
{
	int kept = errno, error;

	errno = 0;
	*result = readdir(dir);
	error = errno;
	errno = kept;
	if (*result != NULL) {
		memcpy(entry, *result, (*result)->d_reclen);
		*result = entry;
	}
	return *result != NULL ? 0 : error;
}

void
rewinddir(DIR *dir)
{
	lseek(dir->fd, 0, SEEK_SET);
	dir->at = dir->end = 0;
	free(dir->places);
	dir->places = NULL;
	dir->n_places = 0;
}

long
telldir(DIR *dir)
{
	struct place *more = realloc(dir->places, (size_t)(dir->n_places + 1) * sizeof(*more));

	if (more == NULL)
		return -1;
	dir->places = more;
	more[dir->n_places].start = dir->end != 0 ? dir->start : lseek(dir->fd, 0, SEEK_CUR);
	more[dir->n_places].at = dir->at;
	return dir->n_places++;
}

void
seekdir(DIR *dir, long number)
{
	struct place place;

	if (number < 0 || number >= dir->n_places)
		return;
	place = dir->places[number];
	lseek(dir->fd, place.start, SEEK_SET);
	dir->at = dir->end = 0;
	while (place.at > dir->at && readdir(dir) != NULL)
		continue;
}

int alphasort(const void *a, const void *b)
	{ return strcmp((*(struct dirent *const *)a)->d_name, (*(struct dirent *const *)b)->d_name); }

int
scandir(const char *name, struct dirent ***list, int (*want)(const struct dirent *),
    int (*compare)(const void *, const void *))
{
	DIR *dir = opendir(name);
	struct dirent *entry, **found = NULL, **more;
	size_t n = 0;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (want != NULL && !want(entry))
			continue;
		if ((more = realloc(found, (n + 1) * sizeof(*found))) == NULL)
			break;
		found = more;
		if ((found[n] = malloc(entry->d_reclen)) == NULL)
			break;
		memcpy(found[n++], entry, entry->d_reclen);
	}
	closedir(dir);
	if (entry != NULL) {
		while (n > 0)
			free(found[--n]);
		free(found);
		return -1;
	}
	if (compare != NULL)
		qsort(found, n, sizeof(*found), compare);
	*list = found;
	return (int)n;
}
