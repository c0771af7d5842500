/*
 * A MISC module of NetBSD 1.4 to 5.2 that takes a free place in sysent by hand and wraps a call of the kernel's; it
 * declares the kernel's calls itself, as its system did.
 */

#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/mount.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/file.h>
#include <sys/errno.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

#if __NetBSD_Version__ < 200000000
#define CALLER		struct proc *
#define PID(who)	((who)->p_pid)
#else
#define CALLER		struct lwp *
#define PID(who)	((who)->l_proc->p_pid)
#endif
#if __NetBSD_Version__ < 500000000
#define ARGS		void *
#else
#define ARGS		const void *
#endif

extern int sys_lkmnosys __P((CALLER, ARGS, register_t *));
extern int sys_getpid __P((CALLER, ARGS, register_t *));
static int misccall __P((CALLER, ARGS, register_t *));
static int wrapped __P((CALLER, ARGS, register_t *));

#if __NetBSD_Version__ < 200000000
static struct sysent newent = { 0, 0, misccall };
#else
static struct sysent newent = { 0, 0, 0, misccall };
#endif
static struct sysent oldent;
static sy_call_t *old_getpid;

MOD_MISC("wedge")

static int
misccall(CALLER who, ARGS v, register_t *retval)
{
	*retval = PID(who);
	return 0;
}

static int
wrapped(CALLER who, ARGS v, register_t *retval)
{
	int error = sys_getpid(who, v, retval);

	*retval += 1000;
	return error;
}

static int
wedge_handle(lkmtp, cmd)
	struct lkm_table *lkmtp;
	int cmd;
{
	struct lkm_misc *args = lkmtp->private.lkm_misc;
	int i;

	switch (cmd) {
	case LKM_E_LOAD:
		if (lkmexists(lkmtp))
			return EEXIST;
		for (i = 0; i < SYS_MAXSYSCALL; i++)
			if (sysent[i].sy_call == sys_lkmnosys)
				break;
		if (i == SYS_MAXSYSCALL)
			return ENFILE;
		memcpy(&oldent, &sysent[i], sizeof(struct sysent));
		memcpy(&sysent[i], &newent, sizeof(struct sysent));
		args->lkm_offset = i;
		old_getpid = sysent[SYS_getpid].sy_call;
		sysent[SYS_getpid].sy_call = wrapped;
		return 0;
	case LKM_E_UNLOAD:
		memcpy(&sysent[args->lkm_offset], &oldent, sizeof(struct sysent));
		sysent[SYS_getpid].sy_call = old_getpid;
		return 0;
	}
	return EINVAL;
}

int
wedge_lkmentry(lkmtp, cmd, ver)
	struct lkm_table *lkmtp;
	int cmd, ver;
{
	DISPATCH(lkmtp, cmd, ver, wedge_handle, wedge_handle, lkm_nofunc)
}
