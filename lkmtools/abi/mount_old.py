"""<sys/mount.h> of NetBSD 1.4 and OpenBSD 3: the operations of a file system, and how they are called.

Their struct statfs is NetBSD 5.2's struct statvfs here (lkmtools/include/sys/mount_old.h).
"""

from lkmtools.abi.datamodel import Struct

_COMMON = """int (*vfs_mount)(void); int (*vfs_start)(void); int (*vfs_unmount)(void); int (*vfs_root)(void);
    int (*vfs_quotactl)(void); int (*vfs_statfs)(void); int (*vfs_sync)(void); int (*vfs_vget)(void);
    int (*vfs_fhtovp)(void); int (*vfs_vptofh)(void); int (*vfs_init)(void); int (*vfs_sysctl)(void);"""
vfsops_1_4 = Struct(
    "vfsops",
    f"""const char *vfs_name; {_COMMON} int (*vfs_mountroot)(void); int (*vfs_checkexp)(void);
        const struct vnodeopv_desc *const *vfs_opv_descs""",
)
vfsops_openbsd = Struct("vfsops", f"{_COMMON} int (*vfs_checkexp)(void)")
vfsconf = Struct(
    "vfsconf",
    """const struct vfsops *vfc_vfsops; char vfc_name[16]; int vfc_typenum; int vfc_refcount;
       int vfc_flags; int (*vfc_mountroot)(void); struct vfsconf *vfc_next""",
)

# The operations that the kernel calls, by their names in NetBSD 5.2, with their names and parameters there.
_MP, _P = "struct mount *mp", "struct proc *p"
OPERATIONS = {
    "vfs_mount": ("vfs_mount", f"{_MP}, const char *path, void *data, struct nameidata *ndp, {_P}"),
    "vfs_start": ("vfs_start", f"{_MP}, int flags, {_P}"),
    "vfs_unmount": ("vfs_unmount", f"{_MP}, int mntflags, {_P}"),
    "vfs_root": ("vfs_root", f"{_MP}, struct vnode **vpp"),
    "vfs_quotactl": ("vfs_quotactl", f"{_MP}, int cmd, uid_t uid, void *arg, {_P}"),
    "vfs_statvfs": ("vfs_statfs", f"{_MP}, struct statvfs *sbp, {_P}"),
    "vfs_sync": ("vfs_sync", f"{_MP}, int waitfor, struct kauth_cred *cred, {_P}"),
    "vfs_vget": ("vfs_vget", f"{_MP}, ino_t ino, struct vnode **vpp"),
    "vfs_fhtovp": ("vfs_fhtovp", f"{_MP}, struct fid *fh, struct vnode **vpp"),
}
