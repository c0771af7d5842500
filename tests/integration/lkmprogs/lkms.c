/* Lists the modules by the ioctls of /dev/lkm, as modstat does. */
#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/conf.h>
#include <sys/mount.h>
#include <sys/lkm.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct lmc_stat sbuf;
	int devfd, i;

	if ((devfd = open(_PATH_LKM, O_RDONLY, 0)) == -1)
		err(EX_NOINPUT, _PATH_LKM);
	if (argc > 1) {
		(void)memset(&sbuf, 0, sizeof(sbuf));
		(void)strlcpy(sbuf.name, argv[1], sizeof(sbuf.name));
		sbuf.id = -1;
		if (ioctl(devfd, LMSTAT, &sbuf) == -1)
			err(EX_UNAVAILABLE, "%s", argv[1]);
		printf("%s: version %d\n", sbuf.name, sbuf.ver);
		return EX_OK;
	}
	for (i = 0; i < 20; i++) {
		sbuf.id = i;
		if (ioctl(devfd, LMSTAT, &sbuf) == -1) {
			if (errno == EINVAL)
				break;
			if (errno == ENOENT)
				continue;
			err(EX_OSERR, "LMSTAT");
		}
		printf("%3d %-10s %s\n", sbuf.id, sbuf.name, sbuf.type == LM_SYSCALL ? "SYSCALL" : sbuf.type == LM_DEV ? "DEV" : "?");
	}
	return EX_OK;
}
