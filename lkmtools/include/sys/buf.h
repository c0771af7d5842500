/* <sys/buf.h>: a block transfer, as a device's strategy routine gets it, and buffers for file systems. */

#ifndef _SYS_BUF_H_
#define _SYS_BUF_H_

#include <sys/types.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/workqueue.h>

struct buf;
struct kauth_cred;
struct mount;
struct proc;
struct uio;
struct vnode;

/* The lists of buffers are the kernel's own records: the members for them stay empty. */
struct buf {
	union {
		TAILQ_ENTRY(buf)	u_actq;
		struct work		u_work;
	} b_u;
#define b_actq	b_u.u_actq		/* the driver's own queue */
#define b_work	b_u.u_work
	void			(*b_iodone)(struct buf *);	/* called by biodone, once */
	int			 b_error;
	int			 b_resid;	/* bytes not transferred */
	u_int			 b_flags;	/* B_* */
	int			 b_prio;
	int			 b_bufsize;
	int			 b_bcount;	/* bytes wanted */
	dev_t			 b_dev;
	void			*b_data;
	daddr_t			 b_blkno;	/* in units of DEV_BSIZE */
	daddr_t			 b_rawblkno;
	struct proc		*b_proc;
	void			*b_saveaddr;
	void			*b_private;
	off_t			 b_dcookie;
	kcondvar_t		 b_busy;
	u_int			 b_refcnt;
	void			*b_dep;
	LIST_ENTRY(buf)		 b_hash;
	LIST_ENTRY(buf)		 b_vnbufs;
	TAILQ_ENTRY(buf)	 b_freelist;
	LIST_ENTRY(buf)		 b_wapbllist;
	daddr_t			 b_lblkno;	/* the block of b_vp */
	int			 b_freelistindex;
	u_int			 b_cflags;	/* BC_* */
	struct vnode		*b_vp;
	kcondvar_t		 b_done;
	u_int			 b_oflags;	/* BO_* */
	kmutex_t		*b_objlock;	/* of b_oflags: the interlock of b_vp, or buffer_lock */
};
typedef struct buf	buf_t;
#define b_cylinder	b_resid

/* b_flags. */
#define B_WRITE		0x00000000
#define B_ASYNC		0x00000004
#define B_COWDONE	0x00000400
#define B_GATHERED	0x00001000
#define B_LOCKED	0x00004000
#define B_PHYS		0x00040000
#define B_RAW		0x00080000
#define B_READ		0x00100000
#define B_DEVPRIVATE	0x02000000
/* Those that 5.x moved or dropped have their older names and values. */
#define B_AGE		0x00000001
#define B_BUSY		0x00000010
#define B_CALL		0x00000040	/* b_iodone is called whenever it is not NULL */
#define B_DELWRI	0x00000080
#define B_DONE		0x00000200
#define B_ERROR		0x00000800

/* b_cflags, and of brelse. */
#define BC_AGE		0x00000001
#define BC_BUSY		0x00000010
#define BC_SCANNED	0x00000020
#define BC_INVAL	0x00002000
#define BC_NOCACHE	0x00008000
#define BC_WANTED	0x00800000
#define BC_VFLUSH	0x04000000
#define B_INVAL		BC_INVAL
#define B_NOCACHE	BC_NOCACHE

/* b_oflags. */
#define BO_DELWRI	0x00000080
#define BO_DONE		0x00000200

/* What a file system is asked for when it allocates a block; of bread: nothing here depends on it. */
#define B_CLRBUF	0x01
#define B_SYNC		0x02
#define B_METAONLY	0x04
#define B_CONTIG	0x08
#define B_MODIFY	0x01

/* b_prio. */
#define BPRIO_TIMENONCRITICAL	0
#define BPRIO_TIMELIMITED	1
#define BPRIO_TIMECRITICAL	2
#define BPRIO_NPRIO		3
#define BPRIO_DEFAULT		BPRIO_TIMELIMITED
#define BIO_GETPRIO(bp)		((bp)->b_prio)
#define BIO_SETPRIO(bp, prio)	((bp)->b_prio = (prio))
#define BIO_COPYPRIO(to, from)	BIO_SETPRIO(to, BIO_GETPRIO(from))

#define BUF_ISREAD(bp)		(((bp)->b_flags & B_READ) == B_READ)
#define BUF_ISWRITE(bp)		(((bp)->b_flags & B_READ) == B_WRITE)

#ifdef _KERNEL
extern kmutex_t		bufcache_lock;
extern kmutex_t		buffer_lock;

#define clrbuf(bp)	(memset((bp)->b_data, 0, (bp)->b_bcount), (bp)->b_resid = 0)

void	 biodone(struct buf *bp);
int	 biowait(struct buf *bp);
struct buf	*getiobuf(struct vnode *vp, bool waitok);
void	 putiobuf(struct buf *bp);

struct buf	*getblk(struct vnode *vp, daddr_t blkno, int size, int slpflag, int slptimeo);
struct buf	*geteblk(int size);
struct buf	*incore(struct vnode *vp, daddr_t blkno);
int	 bread(struct vnode *vp, daddr_t blkno, int size, struct kauth_cred *cred, int flags, struct buf **bpp);
int	 bwrite(struct buf *bp);
void	 bawrite(struct buf *bp);
void	 bdwrite(struct buf *bp);
void	 brelse(struct buf *bp, int set);
void	 brelsel(struct buf *bp, int set);	/* with bufcache_lock held */
int	 allocbuf(struct buf *bp, int size, int preserve);
int	 breadn(struct vnode *vp, daddr_t blkno, int size, daddr_t *rablks, int *rasizes, int nrablks,
	    struct kauth_cred *cred, int flags, struct buf **bpp);
int	 bbusy(struct buf *bp, bool intr, int timo, kmutex_t *interlock);
void	 bremfree(struct buf *bp);
void	 brelvp(struct buf *bp);
void	 bgetvp(struct vnode *vp, struct buf *bp);
void	 reassignbuf(struct buf *bp, struct vnode *vp);
void	 buf_init(struct buf *bp);
void	 buf_destroy(struct buf *bp);
int	 buf_drain(int n);
int	 buf_setvalimit(vsize_t sz);
u_long	 buf_memcalc(void);
void	 nestiobuf_setup(struct buf *mbp, struct buf *bp, int offset, size_t size);
void	 nestiobuf_done(struct buf *mbp, int donebytes, int error);
void	 nestiobuf_iodone(struct buf *bp);

void	 minphys(struct buf *bp);
int	 physio(void (*strategy)(struct buf *), struct buf *bp, dev_t dev, int flags, void (*minphys)(struct buf *),
	    struct uio *uio);

#define BUF_INIT(bp)	buf_init(bp)	/* before NetBSD 5 */

/* Before NetBSD 5 bread had no flags, and brelse one argument. */
#define bread(vp, blkno, size, cred, ...) \
	__lkm_pick4(__VA_ARGS__, , __lkm_bread6, __lkm_bread5)((vp), (blkno), (size), (cred), __VA_ARGS__)
#define __lkm_bread6(vp, blkno, size, cred, flags, bpp)	(bread)((vp), (blkno), (size), (cred), (flags), (bpp))
#define __lkm_bread5(vp, blkno, size, cred, bpp)	(bread)((vp), (blkno), (size), (cred), 0, (bpp))
#define brelse(bp, ...)	(brelse)((bp), __VA_ARGS__ + 0)
#endif

#endif
