/* mount_something [-o options] type node */
#include <sys/param.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <err.h>
#include <errno.h>
#include <mntopts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct mntopt mopts[] = { MOPT_STDOPTS, MOPT_GETARGS, { "loud", 0, 4, 1 }, MOPT_NULL };

int
main(int argc, char *argv[])
{
	char canon_dir[MAXPATHLEN];
	int ch, mntflags = 0, altflags = 0;
	struct statvfs st;
	mntoptparse_t mp;

	while ((ch = getopt(argc, argv, "o:")) != -1)
		switch (ch) {
		case 'o':
			mp = getmntopts(optarg, mopts, &mntflags, &altflags);
			freemntopts(mp);
			break;
		default:
			exit(1);
		}
	argc -= optind;
	argv += optind;
	if (argc != 2)
		errx(1, "two operands");
	pathadj(argv[1], canon_dir);
	printf("%#x %#x\n", mntflags, altflags);
	if (mount(argv[0], canon_dir, mntflags, NULL, 0) == -1)
		err(1, "%s on %s", argv[0], canon_dir);
	if (statvfs(canon_dir, &st) == -1)
		err(1, "statvfs");
	printf("%s on %s, %#lx\n", st.f_fstypename, st.f_mntonname, st.f_flag & MNT_BASIC_FLAGS);
	if (mkdir("/mnt/d", 0755) == -1)
		warn("%s", "/mnt/d");
	if (unmount(canon_dir, 0) == -1)
		err(1, "unmount");
	return 0;
}
