/* linux_misc.c: what the system and its limits are, names of processes, chance. */

#include "linux_emul.h"

#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/time.h>

/* Programs and libraries ask for a version that is new enough for them; this one is that of the calls in the tables. */
#define LINUX_RELEASE	"6.1.0"
#define LINUX_VERSION	"#1 compat_linux"

/* What this emulation does not serve: ENOSYS alone, where sys_nosys() would send SIGSYS too. */
LINUX_CALL(nosys)
{
	return ENOSYS;
}

/* uname(struct) */
LINUX_CALL(uname)
{
	struct linux_utsname uts;

	memset(&uts, 0, sizeof(uts));
	strlcpy(uts.sysname, "Linux", sizeof(uts.sysname));
	strlcpy(uts.nodename, "lkm", sizeof(uts.nodename));
	strlcpy(uts.release, LINUX_RELEASE, sizeof(uts.release));
	strlcpy(uts.version, LINUX_VERSION, sizeof(uts.version));
	strlcpy(uts.machine, linux_platform, sizeof(uts.machine));
	strlcpy(uts.domainname, "(none)", sizeof(uts.domainname));
	return copyout(&uts, ARG(0, void *), sizeof(uts));
}

/* sysinfo(struct): what is not known here is 0. */
LINUX_CALL(sysinfo)
{
	struct linux_sysinfo info;
	struct timespec ts;

	memset(&info, 0, sizeof(info));
	nanouptime(&ts);
	info.uptime = ts.tv_sec;
	info.totalram = (u_long)physmem * PAGE_SIZE;
	info.procs = 1;
	info.mem_unit = 1;
	return copyout(&info, ARG(0, void *), sizeof(info));
}

/* Our limits by Linux's numbers; -1: there is none of that kind. */
static const int limits[LINUX_RLIM_NLIMITS] = {
	[LINUX_RLIMIT_CPU] = RLIMIT_CPU, [LINUX_RLIMIT_FSIZE] = RLIMIT_FSIZE, [LINUX_RLIMIT_DATA] = RLIMIT_DATA,
	[LINUX_RLIMIT_STACK] = RLIMIT_STACK, [LINUX_RLIMIT_CORE] = RLIMIT_CORE, [LINUX_RLIMIT_RSS] = RLIMIT_RSS,
	[LINUX_RLIMIT_NPROC] = RLIMIT_NPROC, [LINUX_RLIMIT_NOFILE] = RLIMIT_NOFILE,
	[LINUX_RLIMIT_MEMLOCK] = RLIMIT_MEMLOCK, [LINUX_RLIMIT_AS] = RLIMIT_AS, [10] = -1, -1, -1, -1, -1, -1,
};

static uint64_t
foreign_limit(rlim_t limit)
{
	return limit >= RLIM_INFINITY ? ~(uint64_t)0 : limit;
}

/* A limit by Linux's number; infinite is all ones. */
int
linux_getrlimit(struct lwp *l, int which, struct linux_rlimit64 *out)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct rlimit *ulimit = stackgap_alloc(l->l_proc, &sg, sizeof(*ulimit)), limit;
	register_t rval[2];
	int error;

	if (which < 0 || which >= LINUX_RLIM_NLIMITS)
		return EINVAL;
	out->rlim_cur = out->rlim_max = ~(uint64_t)0;
	if (limits[which] < 0)
		return 0;
	if (ulimit == NULL)
		return ENOMEM;
	if ((error = NATIVE(sys_getrlimit, l, rval, limits[which], W(ulimit))) != 0)
		return error;
	if ((error = copyin(ulimit, &limit, sizeof(limit))) != 0)
		return error;
	out->rlim_cur = foreign_limit(limit.rlim_cur);
	out->rlim_max = foreign_limit(limit.rlim_max);
	return 0;
}

static int
set_limit(struct lwp *l, int which, const struct linux_rlimit64 *new)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct rlimit *ulimit = stackgap_alloc(l->l_proc, &sg, sizeof(*ulimit)), limit;
	register_t rval[2];
	int error;

	if (limits[which] < 0)
		return EPERM;
	if (ulimit == NULL)
		return ENOMEM;
	limit.rlim_cur = MIN(new->rlim_cur, RLIM_INFINITY);
	limit.rlim_max = MIN(new->rlim_max, RLIM_INFINITY);
	if ((error = copyout(&limit, ulimit, sizeof(limit))) != 0)
		return error;
	return NATIVE(sys_setrlimit, l, rval, limits[which], W(ulimit));
}

/* prlimit64(process, which, new, old): of the process itself. */
LINUX_CALL(prlimit64)
{
	int which = ARG(1, int), error;
	void *unew = ARG(2, void *), *uold = ARG(3, void *);
	struct linux_rlimit64 new, old;

	if (ARG(0, int) != 0 && ARG(0, int) != l->l_proc->p_pid)
		return ESRCH;
	if (unew != NULL && (error = copyin(unew, &new, sizeof(new))) != 0)
		return error;
	if ((error = linux_getrlimit(l, which, &old)) != 0)
		return error;
	if (unew != NULL && (error = set_limit(l, which, &new)) != 0)
		return error;
	return uold != NULL ? copyout(&old, uold, sizeof(old)) : 0;
}

/* getrlimit and setrlimit of amd64, whose words have 64 bits. */
LINUX_CALL(getrlimit)
{
	struct linux_rlimit64 limit;
	int error = linux_getrlimit(l, ARG(0, int), &limit);

	return error != 0 ? error : copyout(&limit, ARG(1, void *), sizeof(limit));
}

/* prctl(what, argument): a process's name. */
LINUX_CALL(prctl)
{
	struct proc *p = l->l_proc;
	char name[LINUX_COMM];
	int error;

	switch (ARG(0, int)) {
	case LINUX_PR_SET_NAME:
		error = copyinstr(ARG(1, void *), name, sizeof(name), NULL);
		if (error != 0 && error != ENAMETOOLONG)
			return error;
		name[sizeof(name) - 1] = '\0';	/* a longer one is cut */
		strlcpy(p->p_comm, name, sizeof(p->p_comm));
		return 0;
	case LINUX_PR_GET_NAME:
		memset(name, 0, sizeof(name));
		strlcpy(name, p->p_comm, sizeof(name));
		return copyout(name, ARG(1, void *), sizeof(name));
	default:
		return EINVAL;
	}
}

/* getrandom(buffer, bytes, flags) */
LINUX_CALL(getrandom)
{
	char *ubuf = ARG(0, char *), piece[256];
	size_t size = MIN(ARG(1, size_t), 65536);
	int error = 0;

	for (size_t done = 0; done < size && error == 0; done += sizeof(piece)) {
		arc4randbytes(piece, sizeof(piece));
		error = copyout(piece, ubuf + done, MIN(size - done, sizeof(piece)));
	}
	*retval = size;
	return error;
}
