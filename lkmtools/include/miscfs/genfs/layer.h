/* <miscfs/genfs/layer.h>: a file system over another: each of its vnodes stands for one below. */

#ifndef _MISCFS_GENFS_LAYER_H_
#define _MISCFS_GENFS_LAYER_H_

#include <sys/mount.h>
#include <sys/queue.h>
#include <sys/vnode.h>

struct layer_args {
	char			*target;	/* the directory to show */
	struct export_args30	 _pad1;
};

#ifdef _KERNEL
struct layer_node;
LIST_HEAD(layer_node_hashhead, layer_node);

struct layer_mount {
	struct mount			*layerm_vfs;	/* the file system below */
	struct vnode			*layerm_rootvp;
	u_int				 layerm_flags;
	u_int				 layerm_size;	/* of the upper file system's layer_node */
	enum vtype			 layerm_tag;
	int				(*layerm_bypass)(void *);
	int				(*layerm_alloc)(struct mount *, struct vnode *, struct vnode **);
	int				(**layerm_vnodeop_p)(void *);
	struct layer_node_hashhead	*layerm_node_hashtbl;
	u_long				 layerm_node_hash;
	kmutex_t			 layerm_hashlock;
};

#define LAYERFS_MFLAGS		0x00000fff
#define LAYERFS_MBYPASSDEBUG	0x00000001

struct layer_node {
	LIST_ENTRY(layer_node)	 layer_hash;
	struct vnode		*layer_lowervp;	/* referenced */
	struct vnode		*layer_vnode;
	unsigned int		 layer_flags;
};

#define LAYERFS_RESFLAGS	0x00000fff
#define LAYERFS_REMOVED		0x00000001

#define LAYERFS_DO_BYPASS(vp, ap)	(*MOUNTTOLAYERMOUNT((vp)->v_mount)->layerm_bypass)((ap))

#define MOUNTTOLAYERMOUNT(mp)	((struct layer_mount *)((mp)->mnt_data))
#define VTOLAYER(vp)		((struct layer_node *)(vp)->v_data)
#define LAYERTOV(xp)		((xp)->layer_vnode)
#define LAYERVPTOLOWERVP(vp)	(VTOLAYER(vp)->layer_lowervp)

struct vnode	*layer_checkvp(struct vnode *vp, const char *fil, int lno);
#endif

#endif
