"""<sys/mount.h> before NetBSD 5, and of OpenBSD 3: the operations of a file system, and how they are called.

And <sys/namei.h>, whose names knew who looks them up.

The struct statfs of NetBSD 1.4 and OpenBSD is NetBSD 5.2's struct statvfs (lkmtools/include/sys/mount_old.h).
"""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.namei import COMPONENTNAME, NAMEIDATA

_BEGIN = """int (*vfs_mount)(void); int (*vfs_start)(void); int (*vfs_unmount)(void); int (*vfs_root)(void);
    int (*vfs_quotactl)(void);"""
_THEN = """int (*vfs_sync)(void); int (*vfs_vget)(void); int (*vfs_fhtovp)(void); int (*vfs_vptofh)(void);
    int (*vfs_init)(void);"""
_STATFS = f"{_BEGIN} int (*vfs_statfs)(void); {_THEN} int (*vfs_sysctl)(void);"
_STATVFS = f"""const char *vfs_name; {_BEGIN} int (*vfs_statvfs)(void); {_THEN}
    void (*vfs_reinit)(void); void (*vfs_done)(void);"""
_END = """const struct vnodeopv_desc *const *vfs_opv_descs; int vfs_refcount; struct vfsops *vfs_list.le_next;
    struct vfsops **vfs_list.le_prev"""
# By the dialect of the module. vfs_snapshot of "2.0" came with NetBSD 3.0: a source for 2.0 has the
# descriptions in its place.
VFSOPS = {
    dialect: Struct("vfsops", members)
    for dialect, members in {
        "1.4": f"""const char *vfs_name; {_STATFS} int (*vfs_mountroot)(void); int (*vfs_checkexp)(void);
            {_END}""",
        "openbsd": f"{_STATFS} int (*vfs_checkexp)(void)",
        "2.0": f"""{_STATVFS} int *vfs_wassysctl; int (*vfs_mountroot)(void); int (*vfs_checkexp)(void);
            const void *vfs_snapshot; {_END}""",
        "4.0": f"""{_STATVFS} int (*vfs_mountroot)(void); int (*vfs_snapshot)(void);
            int (*vfs_extattrctl)(void); {_END}""",
    }.items()
}
vfsconf = Struct(
    "vfsconf",
    """const struct vfsops *vfc_vfsops; char vfc_name[16]; int vfc_typenum; int vfc_refcount;
       int vfc_flags; int (*vfc_mountroot)(void); struct vfsconf *vfc_next""",
)

# The caller follows what NetBSD 5.2 has, in both forms, in every dialect.
componentname = Struct("componentname", f"{COMPONENTNAME}; struct lwp *cn_lwp; struct proc *cn_proc")
nameidata = Struct("nameidata", NAMEIDATA, {"componentname": componentname})

# The operations that the kernel calls, by their names in NetBSD 5.2, with their parameters before it. The
# caller, in the end, is a struct lwp * in NetBSD 4.0 and a struct proc * in the others.
_MP, _P = "struct mount *mp", "void *caller"
OPERATIONS = {
    "vfs_mount": f"{_MP}, const char *path, void *data, struct nameidata *ndp, {_P}",
    "vfs_start": f"{_MP}, int flags, {_P}",
    "vfs_unmount": f"{_MP}, int mntflags, {_P}",
    "vfs_root": f"{_MP}, struct vnode **vpp",
    "vfs_quotactl": f"{_MP}, int cmd, uid_t uid, void *arg, {_P}",
    "vfs_statvfs": f"{_MP}, struct statvfs *sbp, {_P}",
    "vfs_sync": f"{_MP}, int waitfor, struct kauth_cred *cred, {_P}",
    "vfs_vget": f"{_MP}, ino_t ino, struct vnode **vpp",
    "vfs_fhtovp": f"{_MP}, struct fid *fh, struct vnode **vpp",
}
# Those that only NetBSD 4.0 has as NetBSD 5.2 does, but for the caller.
OPERATIONS_4_0 = {
    "vfs_vptofh": "struct vnode *vp, struct fid *fh, size_t *len",
    "vfs_snapshot": f"{_MP}, struct vnode *vp, struct timespec *ts",
    "vfs_extattrctl": f"{_MP}, int cmd, struct vnode *vp, int ns, const char *name, {_P}",
}
