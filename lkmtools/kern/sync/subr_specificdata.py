"""Data that modules hang on objects of the kernel under keys (subr_specificdata.c of NetBSD 5.2).

A domain is a kind of object, a specificdata_reference a part of each. What hangs on an object is in records
of ours, and specdataref_container stays NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_mutex import mutex_destroy, mutex_enter, mutex_exit, mutex_init
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/specificdata.h"
_DESTRUCTOR = Prototype("void dtor(void *data)")
_SIZE = 64  # of a struct specificdata_domain, which is opaque


class Domain:
    """One kind of object: its keys, each with a destructor or 0, and the data of each object, by key."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.keys: dict[int, int] = {}
        self.objects: dict[int, dict[int, int]] = {}  # by the address of the specificdata_reference

    def new_key(self, dtor: int) -> int:
        """The lowest key that is free; `dtor` is called with what hangs under it when that goes."""
        key = next(key for key in range(len(self.keys) + 1) if key not in self.keys)
        self.keys[key] = dtor
        return key

    def end_key(self, key: int, function: str) -> None:
        """A key is not used any more: what hangs under it goes."""
        dtor = self._dtor(key, function)
        values = [data.pop(key, 0) for data in self.objects.values()]
        del self.keys[key]
        for value in values:
            self._destroy(dtor, value)

    def init(self, ref: int) -> None:
        """An object begins: nothing hangs on it."""
        self._k.umem.set_ptr(ref, 0)
        mutex_init(self._k, self._lock(ref), 0, 0)
        self.objects[ref] = {}

    def fini(self, ref: int, function: str) -> None:
        """An object ends: all that hangs on it goes."""
        k, lock = self._k, self._lock(ref)
        mutex_enter(k, lock, function)
        data = self._data(ref, function)
        mutex_exit(k, lock, function)
        del self.objects[ref]
        for key, value in data.items():
            self._destroy(self.keys.get(key, 0), value)  # an earlier destructor may have deleted the key
        mutex_destroy(k, lock)

    def get(self, ref: int, key: int, function: str) -> int:
        """What hangs on an object under `key`; 0 if nothing does."""
        k, lock = self._k, self._lock(ref)
        mutex_enter(k, lock, function)
        value = self.peek(ref, key, function)
        mutex_exit(k, lock, function)
        return value

    def peek(self, ref: int, key: int, function: str) -> int:
        """get() without the lock."""
        self._dtor(key, function)
        return self._data(ref, function).get(key, 0)

    def set(self, ref: int, key: int, value: int, function: str) -> None:
        """Hang `value` on an object, in place of what was there."""
        k, lock = self._k, self._lock(ref)
        mutex_enter(k, lock, function)
        self._dtor(key, function)
        self._data(ref, function)[key] = value
        mutex_exit(k, lock, function)

    def _lock(self, ref: int) -> int:
        return ref + self._k.dm.pointer

    def _data(self, ref: int, function: str) -> dict[int, int]:
        """An object's data; a panic when the object has not begun."""
        data = self.objects.get(ref)
        if data is None:
            self._k.panic(f"{function}: {ref:#x} is not an object of this domain")
        return data

    def _dtor(self, key: int, function: str) -> int:
        if key not in self.keys:
            self._k.panic(f"{function}: key {key} was not created")
        return self.keys[key]

    def _destroy(self, dtor: int, value: int) -> None:
        if dtor and value:
            self._k.engine.call(_DESTRUCTOR, dtor, value)


def _domain(k: Kernel, sd: int, function: str) -> Domain:
    domain = k.specificdata.get(sd)
    if domain is None:
        k.panic(f"{function}: {sd:#x} is not a specificdata_domain_t")
    return domain


@export("specificdata_domain_t specificdata_domain_create(void)", _HEADER)
def specificdata_domain_create(k: Kernel) -> int:
    """A new kind of object. Without memory a panic."""
    sd = k.heap.alloc(_SIZE)
    if not sd:
        k.panic("specificdata_domain_create: out of space in kernel map")
    k.specificdata[sd] = Domain(k)
    return sd


@export("void specificdata_domain_delete(specificdata_domain_t domain)", _HEADER)
def specificdata_domain_delete(k: Kernel, sd: int) -> None:
    """Forget a kind of object; a panic while there are some."""
    domain = _domain(k, sd, "specificdata_domain_delete")
    if domain.objects:
        k.panic(f"specificdata_domain_delete: {sd:#x} has {len(domain.objects)} objects")
    del k.specificdata[sd]
    k.heap.free(sd)


@export(
    "int specificdata_key_create(specificdata_domain_t domain, specificdata_key_t *key,"
    " specificdata_dtor_t dtor)",
    _HEADER,
)
def specificdata_key_create(k: Kernel, sd: int, key: int, dtor: int) -> int:
    """A new key in *key; `dtor`, unless it is NULL, gets what hangs under it when that goes."""
    k.umem.set_u32(key, _domain(k, sd, "specificdata_key_create").new_key(dtor))
    return 0


@export("void specificdata_key_delete(specificdata_domain_t domain, specificdata_key_t key)", _HEADER)
def specificdata_key_delete(k: Kernel, sd: int, key: int) -> None:
    """Forget a key; what hangs under it goes."""
    _domain(k, sd, "specificdata_key_delete").end_key(key, "specificdata_key_delete")


@export("int specificdata_init(specificdata_domain_t domain, specificdata_reference *ref)", _HEADER)
def specificdata_init(k: Kernel, sd: int, ref: int) -> int:
    """Begin an object."""
    _domain(k, sd, "specificdata_init").init(ref)
    return 0


@export("void specificdata_fini(specificdata_domain_t domain, specificdata_reference *ref)", _HEADER)
def specificdata_fini(k: Kernel, sd: int, ref: int) -> None:
    """End an object; what hangs on it goes."""
    _domain(k, sd, "specificdata_fini").fini(ref, "specificdata_fini")


@export(
    "void *specificdata_getspecific_unlocked(specificdata_domain_t domain, specificdata_reference *ref,"
    " specificdata_key_t key)",
    _HEADER,
)
def specificdata_getspecific_unlocked(k: Kernel, sd: int, ref: int, key: int) -> int:
    """specificdata_getspecific, which does not take the object's lock."""
    function = "specificdata_getspecific_unlocked"
    return _domain(k, sd, function).peek(ref, key, function)


@export(
    "void *specificdata_getspecific(specificdata_domain_t domain, specificdata_reference *ref,"
    " specificdata_key_t key)",
    _HEADER,
)
def specificdata_getspecific(k: Kernel, sd: int, ref: int, key: int) -> int:
    """What hangs on an object under a key, or NULL."""
    return _domain(k, sd, "specificdata_getspecific").get(ref, key, "specificdata_getspecific")


@export(
    "void specificdata_setspecific(specificdata_domain_t domain, specificdata_reference *ref,"
    " specificdata_key_t key, void *data)",
    _HEADER,
)
def specificdata_setspecific(k: Kernel, sd: int, ref: int, key: int, data: int) -> None:
    """Hang data on an object under a key. What was there before is not destroyed."""
    _domain(k, sd, "specificdata_setspecific").set(ref, key, data, "specificdata_setspecific")


@export(
    "int specificdata_setspecific_nowait(specificdata_domain_t domain, specificdata_reference *ref,"
    " specificdata_key_t key, void *data)",
    _HEADER,
)
def specificdata_setspecific_nowait(k: Kernel, sd: int, ref: int, key: int, data: int) -> int:
    """specificdata_setspecific, which never waits for memory."""
    specificdata_setspecific(k, sd, ref, key, data)
    return 0
