/* <sys/namei.h>: a name that is looked up, one component at a time. */

#ifndef _SYS_NAMEI_H_
#define _SYS_NAMEI_H_

#include <sys/param.h>
#include <sys/kauth.h>
#if defined(_KERNEL) && __LKM_API < 500
#include <sys/proc.h>
#endif

struct lwp;
struct mount;
struct proc;
struct vnode;

struct componentname {
	uint32_t	 cn_nameiop;	/* LOOKUP, or what for at the last component */
	uint32_t	 cn_flags;
	kauth_cred_t	 cn_cred;
	char		*cn_pnbuf;	/* the path */
	const char	*cn_nameptr;	/* the component, not terminated */
	size_t		 cn_namelen;
	u_long		 cn_hash;
	size_t		 cn_consume;
#if __LKM_API < 500
	struct lwp	*cn_lwp;	/* who looks it up: NetBSD 4.0 */
	struct proc	*cn_proc;	/* and before */
#endif
};

/* cn_nameiop. */
#define LOOKUP		0
#define CREATE		1
#define DELETE		2
#define RENAME		3
#define OPMASK		3

/* cn_flags: what the caller of namei() says. */
#define LOCKLEAF	0x00000004
#define LOCKPARENT	0x00000008
#define TRYEMULROOT	0x00000010
#define NOCACHE		0x00000020
#define FOLLOW		0x00000040
#define NOFOLLOW	0x00000000
#define EMULROOTSET	0x00000080
#define MODMASK		0x000000fc

#if __LKM_API < 500
#define WANTPARENT	0x02000000	/* ni_dvp referenced, not locked; the number was another */
#endif

/* And what the lookup does. */
#define NOCROSSMOUNT	0x00000100
#define RDONLY		0x00000200
#define HASBUF		0x00000400
#define SAVENAME	0x00000800
#define SAVESTART	0x00001000
#define ISDOTDOT	0x00002000
#define MAKEENTRY	0x00004000
#define ISLASTCN	0x00008000
#define ISSYMLINK	0x00010000
#define ISWHITEOUT	0x00020000
#define DOWHITEOUT	0x00040000
#define REQUIREDIR	0x00080000
#define CREATEDIR	0x00200000
#define INRENAME	0x00400000
#define INRELOOKUP	0x00800000
#define PARAMASK	0x00eaff00

#define NCHNAMLEN	31

#ifdef _KERNEL
#include <sys/pool.h>
#include <sys/uio.h>

struct nameidata {
	const char	*ni_dirp;	/* the path, in the memory that ni_segflg says */
	enum uio_seg	 ni_segflg;
	struct vnode	*ni_startdir;
	struct vnode	*ni_rootdir;
	struct vnode	*ni_erootdir;
	struct vnode	*ni_vp;		/* what namei() found */
	struct vnode	*ni_dvp;	/* where */
	size_t		 ni_pathlen;
	const char	*ni_next;
	u_int		 ni_loopcnt;
	struct componentname ni_cnd;
};

#if __LKM_API < 500
#define __NDCALLER(ndp)	((ndp)->ni_cnd.cn_proc = ((ndp)->ni_cnd.cn_lwp = curlwp)->l_proc)
#else
#define __NDCALLER(ndp)	((void)0)
#endif

/* Before NetBSD 5.0 the process, which is the running one, was named last. */
#define NDINIT(ndp, op, flags, segflg, namep, ...) do { \
	(ndp)->ni_cnd.cn_nameiop = (op); \
	(ndp)->ni_cnd.cn_flags = (flags); \
	(ndp)->ni_cnd.cn_cred = kauth_cred_get(); \
	__NDCALLER(ndp); \
	(ndp)->ni_segflg = (segflg); \
	(ndp)->ni_dirp = (namep); \
} while (/* CONSTCOND */ 0)

int	namei(struct nameidata *ndp);

/* Path names of MAXPATHLEN bytes. Those that namei() leaves in cn_pnbuf are the caller's to give back. */
extern pool_cache_t	pnbuf_cache;
#define PNBUF_GET()	((char *)pool_cache_get(pnbuf_cache, PR_WAITOK))
#define PNBUF_PUT(pnb)	pool_cache_put(pnbuf_cache, (pnb))

/* There is no cache of names: every lookup misses. */
int	cache_lookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp);
void	cache_enter(struct vnode *dvp, struct vnode *vp, struct componentname *cnp);
void	cache_purge1(struct vnode *vp, const struct componentname *cnp, int flags);
void	cache_purgevfs(struct mount *mp);
#define PURGE_PARENTS	1
#define PURGE_CHILDREN	2
#define cache_purge(vp)	cache_purge1((vp), NULL, PURGE_PARENTS | PURGE_CHILDREN)

int	lookup(struct nameidata *ndp);
int	relookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp);
uint32_t	namei_hash(const char *p, const char **ep);
int	cache_revlookup(struct vnode *vp, struct vnode **dvpp, char **bpp, char *bufp);
int	cache_lookup_raw(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp);

/* These came with NetBSD 6. */
int	namei_simple_kernel(const char *path, int flags, struct vnode **vpp);
int	namei_simple_user(const char *path, int flags, struct vnode **vpp);
#define NSM_NOFOLLOW_NOEMULROOT	0
#define NSM_FOLLOW_NOEMULROOT	FOLLOW
#define NSM_NOFOLLOW_TRYEMULROOT	0
#define NSM_FOLLOW_TRYEMULROOT	FOLLOW
#endif

#endif
