/* <sys/conf_old.h>: the device switches as NetBSD 1.4 and OpenBSD had them; lkmcc --api=1.4 and openbsd include it. */

#ifndef _SYS_CONF_OLD_H_
#define _SYS_CONF_OLD_H_

#include <sys/cdefs.h>
#if __LKM_API < 200

#include <sys/conf.h>

/* These are not NetBSD 5.2's tables of the same names. */
extern struct bdevsw	bdevsw[] __asm__("lkm_bdevsw");
extern struct cdevsw	cdevsw[] __asm__("lkm_cdevsw");

/* dev_decl(foo,open) declares fooopen; dev_init(NFOO,foo,open) is its address, or that of enxio if there is no foo. */
#define dev_decl(n, t)		__CONCAT(dev_type_,t)(__CONCAT(n,t))
#define dev_init(c, n, t)	((c) > 0 ? (void *)__CONCAT(n,t) : (void *)enxio)
#define dev_noimpl(t, f)	((void *)f)

#define bdev_decl(n) \
	dev_decl(n,open); dev_decl(n,close); dev_decl(n,strategy); dev_decl(n,ioctl); dev_decl(n,dump); dev_decl(n,size)
#define cdev_decl(n) \
	dev_decl(n,open); dev_decl(n,close); dev_decl(n,read); dev_decl(n,write); dev_decl(n,ioctl); dev_decl(n,stop); \
	dev_decl(n,tty); dev_decl(n,poll); dev_decl(n,mmap); dev_decl(n,kqfilter)

/* Initialisers of a switch, by the kind of device: what is not named refuses. */
#define bdev_disk_init(c, n) { \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,strategy), dev_init(c,n,ioctl), dev_init(c,n,dump), \
	dev_init(c,n,size), D_DISK }
#define bdev_tape_init(c, n) { \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,strategy), dev_init(c,n,ioctl), dev_init(c,n,dump), 0, \
	D_TAPE }
#define bdev_lkm_dummy() { \
	dev_noimpl(open,lkmenodev), dev_noimpl(close,enodev), dev_noimpl(strategy,nullenodev), \
	dev_noimpl(ioctl,enodev), dev_noimpl(dump,enodev), 0 }
#define bdev_notdef() { \
	dev_noimpl(open,enodev), dev_noimpl(close,enodev), dev_noimpl(strategy,nullenodev), \
	dev_noimpl(ioctl,enodev), dev_noimpl(dump,enodev), 0 }

#define __lkm_cdev(open, close, read, write, ioctl, stop, tty, poll, mmap, type) { \
	(void *)(open), (void *)(close), (void *)(read), (void *)(write), (void *)(ioctl), (void *)(stop), (void *)(tty), \
	(void *)(poll), (void *)(mmap), (type) }
#define cdev_disk_init(c, n) __lkm_cdev( \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,read), dev_init(c,n,write), dev_init(c,n,ioctl), \
	nullenodev, 0, seltrue, enodev, D_DISK)
#define cdev_tape_init(c, n) __lkm_cdev( \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,read), dev_init(c,n,write), dev_init(c,n,ioctl), \
	nullenodev, 0, seltrue, enodev, D_TAPE)
#define cdev_tty_init(c, n) __lkm_cdev( \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,read), dev_init(c,n,write), dev_init(c,n,ioctl), \
	dev_init(c,n,stop), dev_init(c,n,tty), dev_init(c,n,poll), enodev, D_TTY)
#define cdev_mouse_init(c, n) __lkm_cdev( \
	dev_init(c,n,open), dev_init(c,n,close), dev_init(c,n,read), enodev, dev_init(c,n,ioctl), \
	nullenodev, 0, dev_init(c,n,poll), enodev, 0)
#define cdev_lkm_init(c, n) __lkm_cdev( \
	dev_init(c,n,open), dev_init(c,n,close), enodev, enodev, dev_init(c,n,ioctl), nullenodev, 0, enodev, enodev, 0)
#define cdev_lkm_dummy() __lkm_cdev( \
	lkmenodev, enodev, enodev, enodev, enodev, nullenodev, 0, seltrue, enodev, 0)
#define cdev_notdef()	__lkm_cdev( \
	enodev, enodev, enodev, enodev, enodev, nullenodev, 0, seltrue, enodev, 0)

#endif

#endif
