"""<sys/namei.h>: a name that is being looked up, and the purpose of the lookup."""

from lkmtools.abi.datamodel import Struct

LOOKUP, CREATE, DELETE, RENAME, OPMASK = 0, 1, 2, 3, 3

LOCKLEAF, LOCKPARENT, NOCACHE, FOLLOW, NOFOLLOW = 0x0004, 0x0008, 0x0020, 0x0040, 0
RDONLY, HASBUF, SAVENAME, SAVESTART, ISDOTDOT = 0x0200, 0x0400, 0x0800, 0x1000, 0x2000
MAKEENTRY, ISLASTCN, CREATEDIR = 0x4000, 0x8000, 0x20_0000
WANTPARENT = 0x200_0000  # of the headers before NetBSD 5.0

MAXPATHLEN = 1024
MAXSYMLINKS = 32

TRYEMULROOT = 0x0010
COMPONENTNAME = """uint32_t cn_nameiop; uint32_t cn_flags; struct kauth_cred *cn_cred; char *cn_pnbuf;
    const char *cn_nameptr; size_t cn_namelen; u_long cn_hash; size_t cn_consume"""
NAMEIDATA = """const char *ni_dirp; int ni_segflg; struct vnode *ni_startdir; struct vnode *ni_rootdir;
    struct vnode *ni_erootdir; struct vnode *ni_vp; struct vnode *ni_dvp; size_t ni_pathlen;
    const char *ni_next; u_int ni_loopcnt; struct componentname ni_cnd"""
componentname = Struct("componentname", COMPONENTNAME)
nameidata = Struct("nameidata", NAMEIDATA, {"componentname": componentname})
