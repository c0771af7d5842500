/*
 * newcall: a new system call.
 *
 *	int newcall(int number, char *text, size_t size);
 *
 * returns how many bits of number are set and writes them out as text. A text of NULL is not written; one that is
 * too small gives ENAMETOOLONG.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscallargs.h>

struct newcall_args {
	syscallarg(int)		number;
	syscallarg(char *)	text;
	syscallarg(size_t)	size;
};

int	newcall_lkmentry(struct lkm_table *, int, int);

static int
newcall(struct lwp *l, const void *v, register_t *retval)
{
	const struct newcall_args *uap = v;
	u_int number = SCARG(uap, number);
	char digits[33];
	int bits = 0, n = 0;

	for (u_int mask = 0x80000000; mask != 0; mask >>= 1) {
		if (number & mask)
			bits++;
		if (bits != 0 || mask == 1)
			digits[n++] = number & mask ? '1' : '0';
	}
	digits[n] = '\0';

	printf("newcall(%u) by process %d\n", number, l->l_proc->p_pid);
	*retval = bits;
	if (SCARG(uap, text) == NULL)
		return 0;
	return copyoutstr(digits, SCARG(uap, text), SCARG(uap, size), NULL);
}

static struct sysent newcall_sysent = {
	.sy_narg = 3,
	.sy_argsize = sizeof(struct newcall_args),
	.sy_call = newcall,
};

/* -1: any free number. The kernel puts it into lkm_offset. */
MOD_SYSCALL("newcall", -1, &newcall_sysent);

static int
newcall_load(struct lkm_table *lkmtp, int cmd)
{
	printf("newcall is system call %lu\n", lkmtp->private.lkm_syscall->mod.lkm_offset);
	return 0;
}

int
newcall_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, newcall_load, lkm_nofunc, lkm_nofunc);
}
