/* modstat(8) as a program of the simulated kernel: the modules that are loaded, in the classic columns. */

#include <sys/types.h>
#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/lkm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH	((int)(2 * sizeof(void *)))	/* digits of an address */

static const char *const types[] = { "SYSCALL", "VFS", "DEV", "STRMOD", "EXEC", "COMPAT", "MISC", "DRV" };

static void
show(const struct lmc_stat *module)
{
	char offset[16];
	const char *type = "(UNKNOWN)";

	if ((unsigned)module->type < sizeof(types) / sizeof(types[0]))
		type = types[module->type];
	if (module->type == LM_DEV)
		snprintf(offset, sizeof(offset), "%3d/%-3d", (int)LKM_BLOCK_MAJOR(module->offset),
		    (int)LKM_CHAR_MAJOR(module->offset));
	else if ((long)module->offset < 0)
		strcpy(offset, " -");
	else
		snprintf(offset, sizeof(offset), " %3ld", (long)module->offset);
	printf("%-7s %3d %7s %0*lx %04lx %0*lx %3d %s\n", type, module->id, offset, WIDTH, module->area, module->size,
	    WIDTH, module->private, module->ver, module->name);
}

int
main(void)
{
	struct lmc_stat module;
	int fd, id;

	if ((fd = open("/dev/lkm", O_RDONLY)) < 0) {
		perror("cmodstat: /dev/lkm");
		return 2;
	}
	printf("Type    Id   Offset %-*s Size %-*s Rev Module Name\n", WIDTH, "Loadaddr", WIDTH, "Info");
	for (id = 0;; id++) {
		memset(&module, 0, sizeof(module));
		module.id = id;
		if (ioctl(fd, LMSTAT, &module) == 0)
			show(&module);
		else if (errno == EINVAL)	/* beyond the last */
			break;
		else if (errno != ENOENT) {	/* not a hole */
			perror("cmodstat: LMSTAT");
			return 3;
		}
	}
	close(fd);
	return 0;
}
