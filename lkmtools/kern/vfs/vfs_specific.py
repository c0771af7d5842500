"""mount_setspecific(9): data that modules hang on struct mount (vfs_subr.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export
from lkmtools.kern.vfs.vfs_mount import specdataref

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/mount.h"


@export("int mount_specific_key_create(specificdata_key_t *keyp, specificdata_dtor_t dtor)", _HEADER)
def mount_specific_key_create(k: Kernel, keyp: int, dtor: int) -> int:
    """A new key in *keyp; `dtor`, unless it is NULL, gets what hangs under it when that goes."""
    k.umem.set_u32(keyp, k.vfs.specific.new_key(dtor))
    return 0


@export("void mount_specific_key_delete(specificdata_key_t key)", _HEADER)
def mount_specific_key_delete(k: Kernel, key: int) -> None:
    """Forget a key; what hangs under it goes."""
    k.vfs.specific.end_key(key, "mount_specific_key_delete")


@export("void *mount_getspecific(struct mount *mp, specificdata_key_t key)", _HEADER)
def mount_getspecific(k: Kernel, mp: int, key: int) -> int:
    """What hangs on a mount under a key, or NULL."""
    k.vfs.mount(mp)
    return k.vfs.specific.get(specdataref(k, mp), key, "mount_getspecific")


@export("void mount_setspecific(struct mount *mp, specificdata_key_t key, void *data)", _HEADER)
def mount_setspecific(k: Kernel, mp: int, key: int, data: int) -> None:
    """Hang data on a mount under a key; it goes when the file system is unmounted."""
    k.vfs.mount(mp)
    k.vfs.specific.set(specdataref(k, mp), key, data, "mount_setspecific")
