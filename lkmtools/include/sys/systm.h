/* <sys/systm.h>: kernel functions and variables that everybody uses. */

#ifndef _SYS_SYSTM_H_
#define _SYS_SYSTM_H_

#include <sys/cdefs.h>
#include <sys/null.h>
#include <sys/types.h>
#include <sys/stdarg.h>
#include <machine/param.h>
#include <sys/proc.h>
#include <lib/libkern/libkern.h>

struct uio;
struct lwp;
struct proc;
struct tty;
struct knote;

extern int		securelevel;	/* see lkm(4), init(8) */
extern const char	*panicstr;	/* why the kernel panicked, NULL while it did not */
extern int		cold;
extern const char	copyright[];
extern const char	version[];
extern const char	ostype[];
extern const char	osrelease[];
extern const char	machine[];
extern const char	machine_arch[];
extern int		physmem;
extern int		ncpu;

/* What a device's functions are given as their caller, and their data: NetBSD 2.0 had the process and a caddr_t. */
#if __LKM_API < 400
#define __lkm_caller	struct proc *
#define __lkm_data	caddr_t
#else
#define __lkm_caller	struct lwp *
#define __lkm_data	void *
#endif

/*
 * A system call: its arguments counted in registers, their size in bytes, flags, and the function. NetBSD before 1.6
 * and OpenBSD before 3.6 had no flags: their initialisers have three members. lkmcc counts those of a source.
 */
#if __LKM_API < 200
typedef int	sy_call_t(struct proc *, void *, register_t *);
#elif __LKM_API < 500
typedef int	sy_call_t(struct lwp *, void *, register_t *);
#else
typedef int	sy_call_t(struct lwp *, const void *, register_t *);
#endif

#if !defined(__LKM_SYSENT)
#if __LKM_API < 200 && !defined(__OpenBSD__)
#define __LKM_SYSENT	3
#else
#define __LKM_SYSENT	4
#endif
#endif

struct sysent {
	short		 sy_narg;
	short		 sy_argsize;
#if __LKM_SYSENT == 3
	int		 : 32;
#else
	int		 sy_flags;
#endif
	sy_call_t	*sy_call;
};

#define SYCALL_MPSAFE		0x0001
#define SYCALL_NARGS_MASK	0x00f0

extern struct sysent	sysent[];
extern int		nsysent;

#ifdef _KERNEL
#include <machine/intr.h>

#if __LKM_API < 200 && !defined(__OpenBSD__)
/* func(arg) once, some ticks from now; the pair is its name. */
void	timeout(void (*func)(void *), void *arg, int ticks);
void	untimeout(void (*func)(void *), void *arg);
#endif

/* What stands in tables where nothing else does. */
int	nullop(void *arg);
int	enodev(void);
int	lkmenodev(void);	/* d_open of a place in the switches of NetBSD 1.4 that is kept for modules */
int	enosys(void);
int	enoioctl(void);
int	enxio(void);
int	eopnotsupp(void);
sy_call_t	sys_nosys;
int	seltrue(dev_t dev, int events, __lkm_caller l);

/* printf(9). Beside the usual conversions, %b takes a number and a string that names its bits. */
void	panic(const char *fmt, ...) __dead;
void	printf(const char *fmt, ...);
void	uprintf(const char *fmt, ...);
void	vprintf(const char *fmt, va_list ap);
int	sprintf(char *buf, const char *fmt, ...);
int	snprintf(char *buf, size_t size, const char *fmt, ...);
int	vsprintf(char *buf, const char *fmt, va_list ap);
int	vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
void	aprint_normal(const char *fmt, ...);
void	aprint_error(const char *fmt, ...);
void	aprint_naive(const char *fmt, ...);
void	aprint_verbose(const char *fmt, ...);
void	aprint_debug(const char *fmt, ...);
void	tablefull(const char *tab, const char *hint);

/* Copies to and from the process of the current system call: 0 or EFAULT; the strings ENAMETOOLONG too. */
int	copyin(const void *uaddr, void *kaddr, size_t len);
int	copyout(const void *kaddr, void *uaddr, size_t len);
int	copyinstr(const void *uaddr, void *kaddr, size_t len, size_t *done);
int	copyoutstr(const void *kaddr, void *uaddr, size_t len, size_t *done);
int	copystr(const void *from, void *to, size_t len, size_t *done);
int	kcopy(const void *from, void *to, size_t len);

/* A number of the process's memory: -1 if it cannot be read. To set one: 0 or -1. fui, sui: of its instructions. */
int	fubyte(const void *uaddr);
int	fusword(const void *uaddr);
int	fuswintr(const void *uaddr);
long	fuword(const void *uaddr);
int	subyte(void *uaddr, int c);
int	susword(void *uaddr, short n);
int	suswintr(void *uaddr, u_short n);
int	suword(void *uaddr, long n);
#define fuibyte(uaddr)		fubyte(uaddr)
#define fuisword(uaddr)		fusword(uaddr)
#define fuiword(uaddr)		fuword(uaddr)
#define suibyte(uaddr, c)	subyte((uaddr), (c))
#define suisword(uaddr, n)	susword((uaddr), (n))
#define suiword(uaddr, n)	suword((uaddr), (n))

/* A table of empty lists, as many as the power of two that is not less than `elements`; *hashmask is one less. */
enum hashtype {
	HASH_LIST = 0,
	HASH_SLIST = 1,
	HASH_TAILQ = 2
};
void	*hashinit(u_int elements, enum hashtype htype, bool waitok, u_long *hashmask);
void	 hashdone(void *hashtbl, enum hashtype htype, u_long hashmask);

/* Before NetBSD 5 their arguments were those of malloc(9); what hashdone() frees is a block of it. */
#if __LKM_API < 200
#define hashinit(n, mtype, mflags, mask)	(hashinit)((n), HASH_LIST, ((mflags) & M_NOWAIT) == 0, (mask))
#define hashdone(table, mtype)			free((table), (mtype))
#elif __LKM_API < 500
#define hashinit(n, kind, mtype, mflags, mask)	(hashinit)((n), (kind), ((mflags) & M_NOWAIT) == 0, (mask))
#define hashdone(table, mtype)			free((table), (mtype))
#endif
int	uiomove(void *buf, size_t n, struct uio *uio);
int	uiomove_frombuf(void *buf, size_t buflen, struct uio *uio);
int	ureadc(int c, struct uio *uio);

/* copyin() and copyout() for an ioctl, whose caller may be the kernel: FKIOCTL in its flags. */
int	ioctl_copyin(int flags, const void *src, void *dst, size_t len);
int	ioctl_copyout(int flags, const void *src, void *dst, size_t len);

/* Blocking interrupts: each returns the level before, for splx. */
void	splx(int s);
int	spl0(void);
int	splsoftclock(void);
int	splsoftnet(void);
int	splsoftserial(void);
int	splsoftbio(void);
int	splbio(void);
int	splnet(void);
int	spltty(void);
int	spllpt(void);
int	splaudio(void);
int	splserial(void);
int	splipi(void);
int	splvm(void);
int	splclock(void);
int	splstatclock(void);
int	splsched(void);
int	spllock(void);
int	splhigh(void);
#define splimp()	splvm()

#define KASSERTMSG(e, msg)	((e) ? (void)0 : panic msg)

#ifdef DEBUG
#define KDASSERT(e)	KASSERT(e)
#else
#define KDASSERT(e)	((void)0)
#endif

/* The big lock, which all code of modules runs under. */
void	_kernel_lock(int nlocks);
void	_kernel_unlock(int nlocks, int *countp);
#define KERNEL_LOCK(count, l)		do { if ((count) != 0) _kernel_lock(count); } while (0)
#define KERNEL_UNLOCK(all, l, countp)	_kernel_unlock((all), (countp))
#define KERNEL_UNLOCK_LAST(l)		KERNEL_UNLOCK(-1, (l), NULL)
#define KERNEL_UNLOCK_ALL(l, countp)	KERNEL_UNLOCK(0, (l), (countp))
#define KERNEL_UNLOCK_ONE(l)		KERNEL_UNLOCK(1, (l), NULL)

/* Preemption, which this kernel does not have: the calls only count. */
void	kpreempt_disable(void);
void	kpreempt_enable(void);
bool	kpreempt_disabled(void);
bool	kpreempt(uintptr_t where);

/* A panic where the caller may not sleep. Before NetBSD 5 ASSERT_SLEEPABLE had two arguments. */
void	assert_sleepable(void);
#ifdef DEBUG
#define ASSERT_SLEEPABLE(...)		assert_sleepable()
#else
#define ASSERT_SLEEPABLE(...)		((void)0)
#endif

/*
 * Hooks: functions that are called when a process has forked, executes another program or ends. The others are kept and
 * not called. Before NetBSD 4.0 power hooks had no name.
 */
struct device;
void	*exechook_establish(void (*func)(struct proc *, void *), void *arg);
void	exechook_disestablish(void *cookie);
void	*exithook_establish(void (*func)(struct proc *, void *), void *arg);
void	exithook_disestablish(void *cookie);
void	*forkhook_establish(void (*func)(struct proc *child, struct proc *parent));
void	forkhook_disestablish(void *cookie);
void	*mountroothook_establish(void (*func)(struct device *), struct device *dev);
void	mountroothook_disestablish(void *cookie);
void	*powerhook_establish(const char *name, void (*func)(int, void *), void *arg);
void	powerhook_disestablish(void *cookie);
void	*shutdownhook_establish(void (*func)(void *), void *arg);
void	shutdownhook_disestablish(void *cookie);
#if __LKM_API < 400
#define powerhook_establish(func, arg)	(powerhook_establish)("", (func), (arg))
#endif
#define PWR_RESUME	0
#define PWR_SUSPEND	1
#define PWR_STANDBY	2
#define PWR_SOFTRESUME	3
#define PWR_SOFTSUSPEND	4
#define PWR_SOFTSTANDBY	5
#endif

#endif
