/* <sys/buf.h>: a block transfer, as a device's strategy routine gets it. */

#ifndef _SYS_BUF_H_
#define _SYS_BUF_H_

#include <sys/types.h>

struct proc;
struct vnode;

struct buf {
	void		 *b_data;
	int		  b_flags;
	int		  b_error;
	int		  b_bcount;	/* bytes wanted */
	int		  b_resid;	/* bytes not transferred */
	int		  b_bufsize;
	dev_t		  b_dev;
	daddr_t		  b_blkno;	/* in units of DEV_BSIZE */
	daddr_t		  b_rawblkno;
	struct proc	 *b_proc;
	struct vnode	 *b_vp;
	void		(*b_iodone)(struct buf *);
	void		 *b_private;
};

#define B_WRITE		0x00000000
#define B_BUSY		0x00000010
#define B_DONE		0x00000200
#define B_ERROR		0x00000800
#define B_PHYS		0x00040000
#define B_RAW		0x00080000
#define B_READ		0x00100000

#ifdef _KERNEL
#define clrbuf(bp)	(memset((bp)->b_data, 0, (bp)->b_bcount), (bp)->b_resid = 0)
#endif

#endif
