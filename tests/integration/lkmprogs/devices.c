/* ls -l of the devices in a directory. */
#include <sys/types.h>
#include <sys/stat.h>
#include <dirent.h>
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "/dev";
	struct dirent **list;
	int i, n;

	if (chdir(dir) == -1 || (n = scandir(".", &list, NULL, alphasort)) == -1)
		err(1, "%s", dir);
	for (i = 0; i < n; i++) {
		struct passwd *pw;
		struct group *gr;
		struct stat st;
		char mode[12];

		if (lstat(list[i]->d_name, &st) == -1) {
			warn("%s", list[i]->d_name);
			continue;
		}
		if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			continue;
		strmode(st.st_mode, mode);
		pw = getpwuid(st.st_uid);
		gr = getgrgid(st.st_gid);
		printf("%s %s %s %d, %d %s\n", mode, pw != NULL ? pw->pw_name : "?", gr != NULL ? gr->gr_name : "?",
		    (int)major(st.st_rdev), (int)minor(st.st_rdev), list[i]->d_name);
	}
	return 0;
}
