/* <sys/mount_old.h>: file systems as NetBSD 1.4 and OpenBSD had them; lkmcc --api=1.4 and openbsd include it. */

#ifndef _SYS_MOUNT_OLD_H_
#define _SYS_MOUNT_OLD_H_

#include <sys/cdefs.h>
#if __LKM_API < 200

#include <sys/statvfs.h>

struct mbuf;
struct mount;
struct nameidata;
struct proc;
struct ucred;
struct vfsconf;
struct vnode;
struct vnodeopv_desc;

#define MFSNAMELEN	16

/* Their struct statfs is NetBSD 5.2's struct statvfs, by its own names. */
#define statfs		statvfs
#define f_flags		f_flag
#define f_fsid		f_fsidx

struct vfsops {
#if !defined(__OpenBSD__)
	const char	 *vfs_name;
#endif
	int		(*vfs_mount)(struct mount *, const char *, void *, struct nameidata *, struct proc *);
	int		(*vfs_start)(struct mount *, int, struct proc *);
	int		(*vfs_unmount)(struct mount *, int, struct proc *);
	int		(*vfs_root)(struct mount *, struct vnode **);
	int		(*vfs_quotactl)(struct mount *, int, uid_t, caddr_t, struct proc *);
	int		(*vfs_statfs)(struct mount *, struct statfs *, struct proc *);
	int		(*vfs_sync)(struct mount *, int, struct ucred *, struct proc *);
	int		(*vfs_vget)(struct mount *, ino_t, struct vnode **);
	int		(*vfs_fhtovp)(struct mount *, struct fid *, struct vnode **);
	int		(*vfs_vptofh)(struct vnode *, struct fid *);
#if defined(__OpenBSD__)
	int		(*vfs_init)(struct vfsconf *);
#else
	void		(*vfs_init)(void);
#endif
	int		(*vfs_sysctl)(int *, u_int, void *, size_t *, void *, size_t, struct proc *);
#if !defined(__OpenBSD__)
	int		(*vfs_mountroot)(void);
#endif
	int		(*vfs_checkexp)(struct mount *, struct mbuf *, int *, struct ucred **);
#if !defined(__OpenBSD__)
	struct vnodeopv_desc **vfs_opv_descs;
#endif
};

/* OpenBSD's description of a type: what MOD_VFS is given. */
struct vfsconf {
	const struct vfsops	*vfc_vfsops;
	char			 vfc_name[MFSNAMELEN];
	int			 vfc_typenum;
	int			 vfc_refcount;
	int			 vfc_flags;
	int			(*vfc_mountroot)(void);
	struct vfsconf		*vfc_next;
};
struct __lkm_vfc {
	const char		*vfc_name;
};

#ifdef _KERNEL
/* The vector of a table: what the table has, and then its default operation in the other places. */
void	vfs_opv_init_explicit(struct vnodeopv_desc *desc);
void	vfs_opv_init_default(struct vnodeopv_desc *desc);

#define vop_generic_lock	genfs_nolock
#define vop_generic_unlock	genfs_nounlock
#define vop_generic_islocked	genfs_noislocked
#define vop_generic_abortop	genfs_abortop
#define vop_generic_revoke	genfs_revoke
#endif

#endif

#endif
