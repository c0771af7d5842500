/* <sys/conf.h>: the device switch tables, and what stands in their empty places. */

#ifndef _SYS_CONF_H_
#define _SYS_CONF_H_

#include <sys/queue.h>
#include <sys/systm.h>

struct buf;
struct knote;
struct lwp;
struct tty;
struct uio;
struct vnode;

#define D_OTHER		0x0000
#define D_TAPE		0x0001
#define D_DISK		0x0002
#define D_TTY		0x0003
#define D_TYPEMASK	0x00ff
#if defined(__OpenBSD__)
#define D_KQFILTER	0x0020		/* it has a d_kqfilter */
#endif
#define D_MPSAFE	0x0100

struct bdevsw {
	int	(*d_open)(dev_t, int, int, __lkm_caller);
	int	(*d_close)(dev_t, int, int, __lkm_caller);
	void	(*d_strategy)(struct buf *);
	int	(*d_ioctl)(dev_t, u_long, __lkm_data, int, __lkm_caller);
	int	(*d_dump)(dev_t, daddr_t, void *, size_t);
	int	(*d_psize)(dev_t);
	union {
		int	d_flag;
		int	d_type;		/* its name before NetBSD 5 */
	};
};

struct cdevsw {
	int		(*d_open)(dev_t, int, int, __lkm_caller);
	int		(*d_close)(dev_t, int, int, __lkm_caller);
	int		(*d_read)(dev_t, struct uio *, int);
	int		(*d_write)(dev_t, struct uio *, int);
	int		(*d_ioctl)(dev_t, u_long, __lkm_data, int, __lkm_caller);
	void		(*d_stop)(struct tty *, int);
	struct tty	*(*d_tty)(dev_t);
	int		(*d_poll)(dev_t, int, __lkm_caller);
	paddr_t		(*d_mmap)(dev_t, off_t, int);
#if defined(__OpenBSD__)	/* its order; the kernel knows */
	u_short		d_type;
#if __LKM_CDEVSW != 11		/* which came later than d_kqfilter */
	u_short		d_flags;
#endif
	int		(*d_kqfilter)(dev_t, struct knote *);
#else
#if __LKM_API < 200
	unsigned long	: 8 * sizeof(long);	/* it had no d_kqfilter */
#else
	int		(*d_kqfilter)(dev_t, struct knote *);
#endif
	union {
		int	d_flag;
		int	d_type;
	};
#endif
};

/* The numbers that drivers have by name: no device of that kind is -1. */
struct devsw_conv {
	const char	*d_name;
	devmajor_t	 d_bmajor;
	devmajor_t	 d_cmajor;
};

/* A line discipline: what happens between a terminal's driver and its reader. */
struct linesw {
	const char		 *l_name;
	LIST_ENTRY(linesw)	  l_list;
	u_int			  l_refcnt;
	int			  l_no;		/* its number for TIOCSETD */
	int			(*l_open)(dev_t, struct tty *);
	int			(*l_close)(struct tty *, int);
	int			(*l_read)(struct tty *, struct uio *, int);
	int			(*l_write)(struct tty *, struct uio *, int);
	int			(*l_ioctl)(struct tty *, u_long, void *, int, struct lwp *);
	int			(*l_rint)(int, struct tty *);	/* a character has come */
	int			(*l_start)(struct tty *);
	int			(*l_modem)(struct tty *, int);
	int			(*l_poll)(struct tty *, int, struct lwp *);
};

#ifdef _KERNEL
/*
 * dev_type_open(fooopen) declares a driver's routine, dev_type_open((*)) is the type of a pointer to one. No
 * parameters are named: definitions with the struct proc of NetBSD 2.0 follow such declarations, and with struct lwp.
 */
#define dev_type_open(n)	int n()
#define dev_type_close(n)	int n()
#define dev_type_read(n)	int n()
#define dev_type_write(n)	int n()
#define dev_type_ioctl(n)	int n()
#define dev_type_stop(n)	void n()
#define dev_type_tty(n)		struct tty *n()
#define dev_type_poll(n)	int n()
#define dev_type_select(n)	int n()		/* before NetBSD 1.3 and OpenBSD 3.0 */
#define dev_type_mmap(n)	paddr_t n()
#define dev_type_strategy(n)	void n()
#define dev_type_dump(n)	int n()
#define dev_type_size(n)	int n()
#define dev_type_kqfilter(n)	int n()

#define __LKM_DEV_OPEN		int (*)(dev_t, int, int, __lkm_caller)
#define __LKM_DEV_RW		int (*)(dev_t, struct uio *, int)
#define __LKM_DEV_IOCTL		int (*)(dev_t, u_long, __lkm_data, int, __lkm_caller)
#define __LKM_DEV_STOP		void (*)(struct tty *, int)
#define __LKM_DEV_POLL		int (*)(dev_t, int, __lkm_caller)
#define __LKM_DEV_MMAP		paddr_t (*)(dev_t, off_t, int)
#define __LKM_DEV_DUMP		int (*)(dev_t, daddr_t, void *, size_t)
#define __LKM_DEV_KQFILTER	int (*)(dev_t, struct knote *)

/* Refuse with ENODEV. */
#define noopen		((__LKM_DEV_OPEN)(void *)enodev)
#define noclose		((__LKM_DEV_OPEN)(void *)enodev)
#define noread		((__LKM_DEV_RW)(void *)enodev)
#define nowrite		((__LKM_DEV_RW)(void *)enodev)
#define noioctl		((__LKM_DEV_IOCTL)(void *)enodev)
#define nostrategy	((void (*)(struct buf *))(void *)enodev)
#define nostop		((__LKM_DEV_STOP)(void *)enodev)
#define notty		NULL
#define nopoll		seltrue
#define nommap		((__LKM_DEV_MMAP)(void *)enodev)
#define nodump		((__LKM_DEV_DUMP)(void *)enodev)
#define nosize		NULL
#define nokqfilter	seltrue_kqfilter

/* Succeed and do nothing. */
#define nullopen	((__LKM_DEV_OPEN)(void *)nullop)
#define nullclose	((__LKM_DEV_OPEN)(void *)nullop)
#define nullread	((__LKM_DEV_RW)(void *)nullop)
#define nullwrite	((__LKM_DEV_RW)(void *)nullop)
#define nullioctl	((__LKM_DEV_IOCTL)(void *)nullop)
#define nullstop	((__LKM_DEV_STOP)(void *)nullop)
#define nullpoll	((__LKM_DEV_POLL)(void *)nullop)
#define nullmmap	((__LKM_DEV_MMAP)(void *)nullop)
#define nulldump	((__LKM_DEV_DUMP)(void *)nullop)
#define nullkqfilter	((__LKM_DEV_KQFILTER)(void *)eopnotsupp)

int	enodev(void);
void	nullenodev(void);
int	seltrue_kqfilter(dev_t dev, struct knote *kn);

int	devsw_attach(const char *name, const struct bdevsw *bdev, devmajor_t *bmajor, const struct cdevsw *cdev,
	    devmajor_t *cmajor);
void	devsw_detach(const struct bdevsw *bdev, const struct cdevsw *cdev);
const struct bdevsw	*bdevsw_lookup(dev_t dev);
const struct cdevsw	*cdevsw_lookup(dev_t dev);
devmajor_t		 bdevsw_lookup_major(const struct bdevsw *bdev);
devmajor_t		 cdevsw_lookup_major(const struct cdevsw *cdev);

int	bdev_open(dev_t dev, int flag, int devtype, struct lwp *l);
int	bdev_close(dev_t dev, int flag, int devtype, struct lwp *l);
void	bdev_strategy(struct buf *bp);
int	bdev_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l);
int	bdev_dump(dev_t dev, daddr_t addr, void *data, size_t size);
int	cdev_open(dev_t dev, int flag, int devtype, struct lwp *l);
int	cdev_close(dev_t dev, int flag, int devtype, struct lwp *l);
int	cdev_read(dev_t dev, struct uio *uio, int flag);
int	cdev_write(dev_t dev, struct uio *uio, int flag);
int	cdev_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l);
struct tty	*cdev_tty(dev_t dev);
int	cdev_poll(dev_t dev, int flag, struct lwp *l);
paddr_t	cdev_mmap(dev_t dev, off_t off, int flag);
int	cdev_kqfilter(dev_t dev, struct knote *kn);

int		 ttyldisc_attach(struct linesw *disc);
int		 ttyldisc_detach(struct linesw *disc);
struct linesw	*ttyldisc_lookup(const char *name);
struct linesw	*ttyldisc_lookup_bynum(int num);
struct linesw	*ttyldisc_default(void);
void		 ttyldisc_release(struct linesw *disc);
int		 ttyerrio(struct tty *tp, struct uio *uio, int flag);
int		 ttyerrinput(int c, struct tty *tp);
int		 ttyerrpoll(struct tty *tp, int events, struct lwp *l);
int		 ttynullioctl(struct tty *tp, u_long cmd, void *data, int flags, struct lwp *l);
int		 nullmodem(struct tty *tp, int flag);
int		 iskmemdev(dev_t dev);

/*
 * The switches by major as older modules see them, and how many majors they have: those of the kernel's own drivers,
 * and places that are kept for modules, whose d_open is lkmenodev. A module may write to them.
 */
extern struct bdevsw	lkm_bdevsw[];
extern struct cdevsw	lkm_cdevsw[];
extern int		nblkdev;
extern int		nchrdev;

#if __LKM_API < 200
#include <sys/conf_old.h>
#endif

#define DEV_MEM		0
#define DEV_KMEM	1
#define DEV_NULL	2
#define DEV_ZERO	12
#endif

#endif
