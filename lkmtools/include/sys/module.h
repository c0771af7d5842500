/*
 * <sys/module.h>: the names of the module framework that came after loadable kernel modules. Sources that serve both
 * have a MODULE() line and a modcmd function, which nothing of lkmtools calls: lkm_entry() is what counts.
 */

#ifndef _SYS_MODULE_H_
#define _SYS_MODULE_H_

#include <sys/param.h>
#include <sys/cdefs.h>
#include <sys/queue.h>

#define MAXMODNAME	32
#define MAXMODDEPS	10

typedef enum modclass {
	MODULE_CLASS_ANY,
	MODULE_CLASS_MISC,
	MODULE_CLASS_VFS,
	MODULE_CLASS_DRIVER,
	MODULE_CLASS_EXEC
} modclass_t;

typedef enum modsrc {
	MODULE_SOURCE_KERNEL,
	MODULE_SOURCE_BOOT,
	MODULE_SOURCE_FILESYS
} modsrc_t;

typedef enum modcmd {
	MODULE_CMD_INIT,
	MODULE_CMD_FINI,
	MODULE_CMD_STAT
} modcmd_t;

typedef struct modinfo {
	u_int		  mi_version;
	modclass_t	  mi_class;
	int		(*mi_modcmd)(modcmd_t, void *);
	const char	 *mi_name;
	const char	 *mi_required;
} const modinfo_t;

/* A declaration, so that a semicolon may follow. */
#define MODULE(class, name, required)	struct __CONCAT(__lkm_module_, name)

#endif
