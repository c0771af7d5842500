/*
 * sysentpatch: a module that wraps a system call by hand. MISC modules get no help from the kernel: this one saves and
 * replaces the entry of unlink(2) in sysent[] itself, calls the old one, counts, and must put it back.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

int	sysentpatch_lkmentry(struct lkm_table *, int, int);

MOD_MISC("sysentpatch");

static struct sysent saved;
static u_int calls, failed;

/* Says who removes what, then does what the old one does, and counts. */
static int
watched_unlink(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_unlink_args *uap = v;
	char path[64];
	int error;

	error = copyinstr(SCARG(uap, path), path, sizeof(path), NULL);
	if (error == 0)
		printf("%s[%d] removes %s\n", l->l_proc->p_comm, l->l_proc->p_pid, path);
	calls++;
	error = saved.sy_call(l, v, retval);
	if (error != 0)
		failed++;
	return error;
}

static int
sysentpatch_load(struct lkm_table *lkmtp, int cmd)
{
	if (lkmexists(lkmtp))
		return EEXIST;
	saved = sysent[SYS_unlink];
	sysent[SYS_unlink].sy_call = watched_unlink;
	return 0;
}

static int
sysentpatch_unload(struct lkm_table *lkmtp, int cmd)
{
	if (sysent[SYS_unlink].sy_call != watched_unlink)
		return EBUSY;		/* another module wrapped the wrapper */
	sysent[SYS_unlink] = saved;
	printf("sysentpatch: %u calls of unlink, %u of them failed\n", calls, failed);
	return 0;
}

int
sysentpatch_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, sysentpatch_load, sysentpatch_unload, lkm_nofunc);
}
