/* <dirent.h>: the directory argv[1], which is filled, read in every way, and emptied. */
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY	300	/* more than a buffer holds */

static int no_dots(const struct dirent *d) { return d->d_name[0] != '.'; }
static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

/* How many entries follow; each of ours but the missing is there once. */
static int
count(DIR *dir)
{
	struct dirent *d, room, *found;
	int n = 0, error = 0;

	for (;; n++)
		if (n % 2 == 0) {
			errno = 0;
			if ((d = readdir(dir)) == NULL)
				return errno == 0 ? n : -1;
		} else if ((error = readdir_r(dir, &room, &found)) != 0 || found == NULL)
			return error == 0 ? n : -1;
}

static void
places(DIR *dir)
{
	static char names[MANY + 3][40];
	static long at[MANY + 3];
	int n, i, right = 0;
	struct dirent *d;

	rewinddir(dir);
	for (n = 0; at[n] = telldir(dir), (d = readdir(dir)) != NULL; n++)
		strcpy(names[n], d->d_name);
	for (i = n - 1; i >= 0; i--) {
		seekdir(dir, at[i]);
		right += (d = readdir(dir)) != NULL && strcmp(d->d_name, names[i]) == 0;
	}
	seekdir(dir, at[n]);
	printf("%d, %d found again, %d behind the last\n", n, right, count(dir));
	seekdir(dir, at[n - 3]);
	printf("%d\n", count(dir));
}

int
main(int argc, char **argv)
{
	struct dirent **list;
	struct stat st;
	char name[40];
	DIR *dir;
	int i, n, kinds = 0;

	if (mkdir(argv[1], 0700) != 0 || chdir(argv[1]) != 0)
		return 1;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "name-%0*d", 4 + i % 17, i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	mkdir("sub", 0700);
	dir = opendir(".");
	printf("%d %d\n", fstat(dirfd(dir), &st) == 0 && S_ISDIR(st.st_mode), fcntl(dirfd(dir), F_GETFD) == FD_CLOEXEC);
	printf("%d ", count(dir));
	printf("%d\n", count(dir));
	rewinddir(dir);
	printf("%d\n", count(dir));
	places(dir);
	printf("%d\n", closedir(dir));
	n = scandir(".", &list, no_dots, by_name);
	printf("%d %s %s %s\n", n, list[0]->d_name, list[1]->d_name, list[n - 1]->d_name);
	for (i = 0; i < n; free(list[i++])) {
		kinds += list[i]->d_type == DT_DIR ? 1000 : list[i]->d_type == DT_REG;
		if (stat(list[i]->d_name, &st) != 0 || st.st_ino != list[i]->d_ino)
			puts("another file");
		(S_ISDIR(st.st_mode) ? rmdir : unlink)(list[i]->d_name);
	}
	free(list);
	printf("%d %d\n", kinds, scandir(".", &list, no_dots, NULL));
	dir = opendir("none");
	printf("%d %d\n", dir == NULL, errno == ENOENT);
	close(open("file", O_CREAT | O_WRONLY, 0600));
	dir = opendir("file");
	printf("%d %d\n", dir == NULL, errno == ENOTDIR);
	printf("%d ", unlink("file"));
	printf("%d\n", rmdir(argv[1]));
	return 0;
}
