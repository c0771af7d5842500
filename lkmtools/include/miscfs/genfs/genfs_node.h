/* <miscfs/genfs/genfs_node.h>: what a file system with pages has first in v_data. */

#ifndef _MISCFS_GENFS_GENFS_NODE_H_
#define _MISCFS_GENFS_GENFS_NODE_H_

#include <sys/rwlock.h>
#include <sys/kauth.h>

struct uio;
struct vm_page;
struct vnode;

struct genfs_ops {
	void	(*gop_size)(struct vnode *, off_t, off_t *, int);
	int	(*gop_alloc)(struct vnode *, off_t, off_t, int, kauth_cred_t);
	int	(*gop_write)(struct vnode *, struct vm_page **, int, int);
	void	(*gop_markupdate)(struct vnode *, int);
};

struct genfs_node {
	const struct genfs_ops	*g_op;
	krwlock_t		 g_glock;	/* held while pages are fetched */
	int			 g_dirtygen;
};

#define VTOG(vp)	((struct genfs_node *)(vp)->v_data)

#define GOP_SIZE(vp, size, eobp, flags)		(*VTOG(vp)->g_op->gop_size)((vp), (size), (eobp), (flags))
#define GOP_ALLOC(vp, off, len, flags, cred)	(*VTOG(vp)->g_op->gop_alloc)((vp), (off), (len), (flags), (cred))
#define GOP_WRITE(vp, pgs, npages, flags)	(*VTOG(vp)->g_op->gop_write)((vp), (pgs), (npages), (flags))
#define GOP_MARKUPDATE(vp, flags) \
	(VTOG(vp)->g_op->gop_markupdate ? (*VTOG(vp)->g_op->gop_markupdate)((vp), (flags)) : (void)0)

/* The flags of GOP_SIZE and of GOP_MARKUPDATE. */
#define GOP_SIZE_MEM		0x4
#define GOP_UPDATE_ACCESSED	1
#define GOP_UPDATE_MODIFIED	2

#ifdef _KERNEL
void	genfs_size(struct vnode *vp, off_t size, off_t *eobp, int flags);
void	genfs_node_init(struct vnode *vp, const struct genfs_ops *ops);
void	genfs_node_destroy(struct vnode *vp);
void	genfs_node_wrlock(struct vnode *vp);
void	genfs_node_rdlock(struct vnode *vp);
int	genfs_node_rdtrylock(struct vnode *vp);
void	genfs_node_unlock(struct vnode *vp);
int	genfs_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int flags);
int	genfs_compat_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int flags);
void	genfs_directio(struct vnode *vp, struct uio *uio, int ioflag);
#endif

#endif
