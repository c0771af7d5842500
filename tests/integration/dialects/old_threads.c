/* A MISC module of NetBSD 2.0 to 4.0: a thread that a soft interrupt wakes, found again in the list of processes. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/proc.h>
#include <sys/kthread.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <machine/intr.h>

#if __NetBSD_Version__ < 200000000 || __NetBSD_Version__ >= 500000000
#error "not NetBSD 2.0 to 4.0"
#endif

int rounds, stop;
static struct proc *worker;
static void *cookie;
static int number = 7;

MOD_MISC("threads")

static void
work(void *arg)
{
	int *n = arg;

	while (!stop) {
		rounds += *n;
		tsleep(&rounds, PWAIT, "rounds", 0);
	}
	worker = NULL;
	wakeup(&worker);
	kthread_exit(0);
}

/* Called when threads can be created. */
static void
begin(void *arg)
{
	if (kthread_create1(work, arg, &worker, "worker%d", *(int *)arg) != 0)
		printf("threads: no thread\n");
}

static void
soft(void *arg)
{
	wakeup(arg);
}

static int
listed(void)
{
	struct proc *p;
	int found = 0;

	proclist_lock_read();
	LIST_FOREACH(p, &allproc, p_list)
		if (p == worker)
			found = strcmp(p->p_comm, "worker7") == 0;
	proclist_unlock_read();
	return found;
}

static int
threads_handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_LOAD) {
		if ((cookie = softintr_establish(IPL_SOFTNET, soft, &rounds)) == NULL)
			return ENOMEM;
		kthread_create(begin, &number);
		printf("threads: the worker is %slisted\n", listed() ? "" : "not ");
		return 0;
	}
	stop = 1;
	softintr_schedule(cookie);
	while (worker != NULL)
		tsleep(&worker, PWAIT, "worker", 0);
	softintr_disestablish(cookie);
	return 0;
}

int
threads_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, threads_handle, threads_handle, lkm_nofunc)
}
