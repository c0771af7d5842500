/* An entry function without DISPATCH, and the module types that are only declared here. */

#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/mount.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/syscall.h>
#include <sys/file.h>
#include <sys/errno.h>

int	hand_call(struct lwp *, void *, register_t *);
int	by_hand_lkmentry(struct lkm_table *, int, int);
int	sys_lkmnosys(struct lwp *, const void *, register_t *);

static struct sysent newent = {
	0, 0, 0, (void *)hand_call
};
static struct sysent oldent;

MOD_MISC("by_hand");

#define _module	other_vfs
MOD_VFS("vfs", -1, NULL);
#undef _module
#define _module	other_exec
MOD_EXEC("exec", -1, NULL, "linux");
#undef _module
#define _module	other_compat
MOD_COMPAT("compat", -1, NULL);
#undef _module
#define _module	other_drv
MOD_DRV("drv", NULL, NULL, NULL);
#undef _module

int
hand_call(struct lwp *l, void *v, register_t *retval)
{
	*retval = l->l_proc->p_pid;
	return 0;
}

int
by_hand_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	struct lkm_misc *args = &_module;
	int i;

	switch (cmd) {
	case LKM_E_LOAD:
		lkmtp->private.lkm_any = (struct lkm_any *)&_module;
		if (lkmexists(lkmtp))
			return EEXIST;
		for (i = 0; i < SYS_MAXSYSCALL; i++)
			if ((void *)sysent[i].sy_call == sys_lkmnosys)
				break;
		if (i == SYS_MAXSYSCALL)
			return ENFILE;
		memcpy(&oldent, &sysent[i], sizeof(struct sysent));
		memcpy(&sysent[i], &newent, sizeof(struct sysent));
		args->mod.lkm_offset = i;
		break;
	case LKM_E_UNLOAD:
		sysent[(int)args->mod.lkm_offset] = oldent;
		break;
	case LKM_E_STAT:
		break;
	}
	return lkmdispatch(lkmtp, cmd);
}
