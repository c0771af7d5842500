"""<sys/mount.h> and <sys/statvfs.h>: mounted file systems, and the operations of their types."""

from lkmtools.abi.datamodel import Placed, Struct

MFSNAMELEN = 16
VFS_NAMELEN, VFS_MNAMELEN = 32, 1024
VFS_MAX_MOUNT_DATA = 8192

MNT_RDONLY, MNT_SYNCHRONOUS, MNT_NOEXEC, MNT_NOSUID, MNT_NODEV = 0x01, 0x02, 0x04, 0x08, 0x10
MNT_UNION, MNT_ASYNC, MNT_LOCAL, MNT_ROOTFS, MNT_NOCOREDUMP = 0x20, 0x40, 0x1000, 0x4000, 0x8000
MNT_IGNORE, MNT_LOG, MNT_NOATIME = 0x10_0000, 0x200_0000, 0x400_0000
MNT_SYMPERM, MNT_NODEVMTIME, MNT_SOFTDEP = 0x2000_0000, 0x4000_0000, 0x8000_0000
MNT_UPDATE, MNT_RELOAD, MNT_FORCE, MNT_GETARGS = 0x1_0000, 0x4_0000, 0x8_0000, 0x40_0000
MNT_BASIC_FLAGS = (
    MNT_RDONLY | MNT_SYNCHRONOUS | MNT_NOEXEC | MNT_NOSUID | MNT_NODEV | MNT_UNION | MNT_ASYNC | MNT_NOATIME
) | (MNT_NOCOREDUMP | MNT_IGNORE | MNT_LOG | MNT_SYMPERM | MNT_NODEVMTIME | MNT_SOFTDEP)
MNT_OP_FLAGS = MNT_UPDATE | MNT_RELOAD | MNT_FORCE | MNT_GETARGS
MNT_WAIT, MNT_NOWAIT, MNT_LAZY = 1, 2, 3
IMNT_GONE, IMNT_UNMOUNT, IMNT_MPSAFE, IMNT_DTYPE = 0x01, 0x02, 0x08, 0x40

fsid = Struct("fsid", "int32_t __fsid_val[2]")
statvfs = Struct(
    "statvfs",
    """u_long f_flag; u_long f_bsize; u_long f_frsize; u_long f_iosize;
       uint64_t f_blocks; uint64_t f_bfree; uint64_t f_bavail; uint64_t f_bresvd;
       uint64_t f_files; uint64_t f_ffree; uint64_t f_favail; uint64_t f_fresvd;
       uint64_t f_syncreads; uint64_t f_syncwrites; uint64_t f_asyncreads; uint64_t f_asyncwrites;
       struct fsid f_fsidx; u_long f_fsid; u_long f_namemax; uid_t f_owner; uint32_t f_spare[4];
       char f_fstypename[VFS_NAMELEN]; char f_mntonname[VFS_MNAMELEN]; char f_mntfromname[VFS_MNAMELEN]""",
    {"fsid": fsid},
    {"VFS_NAMELEN": VFS_NAMELEN, "VFS_MNAMELEN": VFS_MNAMELEN},
)
# mnt_unmounting, mnt_renamelock, specdataref_lock and mnt_updating stand for a whole lock.
mount = Placed(
    "mount",
    (2416, 2320),
    """struct mount *mnt_list.cqe_next 0/0; struct vnode *mnt_vnodelist.tqh_first 16/8;
       struct vfsops *mnt_op 32/16; struct vnode *mnt_vnodecovered 40/20; void *mnt_data 64/32;
       void *mnt_unmounting 72/36; void *mnt_renamelock 80/40; int mnt_refcnt 88/44; int mnt_flag 96/52;
       int mnt_iflag 100/56; int mnt_fs_bshift 104/60; int mnt_dev_bshift 108/64;
       struct statvfs mnt_stat 112/68; void *mnt_specdataref.specdataref_lock 2376/2300;
       void *mnt_updating 2384/2304""",
    {"statvfs": statvfs},
)
vfsops = Struct(
    "vfsops",
    """const char *vfs_name; size_t vfs_min_mount_data; void *vfs_mount; void *vfs_start; void *vfs_unmount;
       void *vfs_root; void *vfs_quotactl; void *vfs_statvfs; void *vfs_sync; void *vfs_vget;
       void *vfs_fhtovp; void *vfs_vptofh; void *vfs_init; void *vfs_reinit; void *vfs_done;
       void *vfs_mountroot; void *vfs_snapshot; void *vfs_extattrctl; void *vfs_suspendctl;
       void *vfs_renamelock_enter; void *vfs_renamelock_exit; void *vfs_fsync;
       const void *vfs_opv_descs; int vfs_refcount; struct vfsops *vfs_list.le_next;
       struct vfsops **vfs_list.le_prev""",
)
