"""<miscfs/genfs/genfs_node.h>, <miscfs/specfs/specdev.h>: what hangs on a vnode."""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.mutex import krwlock

genfs_node = Struct(
    "genfs_node",
    "const struct genfs_ops *g_op; struct krwlock g_glock; int g_dirtygen",
    {"krwlock": krwlock},
)
specnode = Struct(
    "specnode",
    """struct vnode *sn_next; struct specdev *sn_dev; u_int sn_opencnt; dev_t sn_rdev; bool sn_gone""",
)
specdev = Struct(
    "specdev",
    """struct mount *sd_mountpoint; struct lockf *sd_lockf; struct vnode *sd_bdevvp; u_int sd_opencnt;
       u_int sd_refcnt; dev_t sd_rdev""",
)
