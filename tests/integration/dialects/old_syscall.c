/* A SYSCALL module of NetBSD 1.4: a struct sysent of three members, struct proc, the session's login name. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/mount.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <vm/vm.h>
#include <sys/syscallargs.h>
#include <stdlib.h>
#include <unistd.h>

#if __NetBSD_Version__ >= 200000000 || !defined(__NetBSD__)
#error "not NetBSD 1.4"
#endif

struct who_args {
	syscallarg(char *) buf;
	syscallarg(size_t) len;
};

static int sys_who __P((struct proc *, void *, register_t *));
static struct sysent who_sysent = { 2, sizeof(struct who_args), sys_who };

MOD_SYSCALL("who", -1, &who_sysent)

static int
sys_who(p, v, retval)
	struct proc *p;
	void *v;
	register_t *retval;
{
	struct who_args *uap = v;

	*retval = p->p_pid;
	if (hostnamelen != strlen(hostname) || domainname[domainnamelen] != '\0' || hostid != 0)
		return (EDOM);
	printf("%s@%s\n", p->p_session->s_login, hostname);
	return (copyoutstr(p->p_comm, SCARG(uap, buf), SCARG(uap, len), NULL));
}

int
who_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
