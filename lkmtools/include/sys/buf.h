/* <sys/buf.h>: a block transfer, as a device's strategy routine gets it, and buffers for file systems. */

#ifndef _SYS_BUF_H_
#define _SYS_BUF_H_

#include <sys/types.h>
#include <sys/queue.h>

struct kauth_cred;
struct proc;
struct uio;
struct vnode;

struct buf {
	TAILQ_ENTRY(buf)  b_actq;	/* the driver's own queue */
	void		(*b_iodone)(struct buf *);	/* called by biodone, once */
	int		  b_error;
	int		  b_resid;	/* bytes not transferred */
	u_int		  b_flags;
	int		  b_prio;
	int		  b_bufsize;
	int		  b_bcount;	/* bytes wanted */
	dev_t		  b_dev;
	void		 *b_data;
	daddr_t		  b_blkno;	/* in units of DEV_BSIZE */
	daddr_t		  b_rawblkno;
	daddr_t		  b_lblkno;
	struct proc	 *b_proc;
	struct vnode	 *b_vp;
	void		 *b_private;
	u_int		  b_cflags;
	u_int		  b_oflags;
};
typedef struct buf	buf_t;

/* b_flags; those that 5.x moved or dropped have their older names and values. */
#define B_WRITE		0x00000000
#define B_ASYNC		0x00000004
#define B_BUSY		0x00000010
#define B_DELWRI	0x00000080
#define B_DONE		0x00000200
#define B_ERROR		0x00000800
#define B_PHYS		0x00040000
#define B_RAW		0x00080000
#define B_READ		0x00100000
#define B_MODIFY	0x00000001	/* of bread: nothing here depends on it */

#define BC_BUSY		0x00000010	/* b_cflags, and of brelse */
#define BC_INVAL	0x00002000
#define BC_NOCACHE	0x00008000
#define B_INVAL		BC_INVAL
#define B_NOCACHE	BC_NOCACHE
#define BO_DELWRI	0x00000080	/* b_oflags */
#define BO_DONE		0x00000200

#ifdef _KERNEL
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

void	 minphys(struct buf *bp);
int	 physio(void (*strategy)(struct buf *), struct buf *bp, dev_t dev, int flags, void (*minphys)(struct buf *),
	    struct uio *uio);

/* Before NetBSD 5 bread had no flags, and brelse one argument. */
#define bread(vp, blkno, size, cred, ...) \
	__lkm_pick4(__VA_ARGS__, , __lkm_bread6, __lkm_bread5)((vp), (blkno), (size), (cred), __VA_ARGS__)
#define __lkm_bread6(vp, blkno, size, cred, flags, bpp)	(bread)((vp), (blkno), (size), (cred), (flags), (bpp))
#define __lkm_bread5(vp, blkno, size, cred, bpp)	(bread)((vp), (blkno), (size), (cred), 0, (bpp))
#define brelse(bp, ...)	(brelse)((bp), __VA_ARGS__ + 0)
#endif

#endif
