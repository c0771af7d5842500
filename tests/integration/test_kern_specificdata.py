"""Data under keys on objects of the kernel and on mounts; C on both machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lab import Lab

SOURCE = """
#include <sys/mount.h>
#include <sys/specificdata.h>
static specificdata_domain_t domain;
static specificdata_reference one, two;
static specificdata_key_t first, second, mkey;
static volatile int destroyed;
static void gone(void *data) { destroyed = destroyed * 10 + (int)(long)data; }
int begin(void);
int begin(void)
{
	domain = specificdata_domain_create();
	return specificdata_key_create(domain, &first, gone) + specificdata_key_create(domain, &second, NULL)
		+ specificdata_init(domain, &one) + specificdata_init(domain, &two) + first * 10 + second;
}
#define SET(ref, key, n) specificdata_setspecific(domain, &(ref), (key), (void *)(long)(n))
#define GET(ref, key) ((int)(long)specificdata_getspecific(domain, &(ref), (key)))
int use(void);
int use(void)
{
	SET(one, first, 3);
	SET(two, first, 4);
	SET(two, second, 5);
	return GET(one, first) * 1000 + GET(one, second) * 100 + GET(two, first) * 10
		+ (int)(long)specificdata_getspecific_unlocked(domain, &two, second);
}
int end(int how);
int
end(int how)
{
	if (how)
		specificdata_key_delete(domain, first);
	specificdata_fini(domain, &two);
	specificdata_fini(domain, &one);
	specificdata_domain_delete(domain);
	return destroyed;
}
static specificdata_reference more;
static specificdata_key_t third;
static void
ends(void *data)	/* an object, a key, or both begin */
{
	gone(data);
	switch ((int)(long)data) {
	case 1: specificdata_fini(domain, &two); break;
	case 2: specificdata_key_delete(domain, first); break;
	case 3: specificdata_init(domain, &more); specificdata_key_create(domain, &third, NULL); break;
	}
}
int nested(int which, int key);
int
nested(int which, int key)	/* "one" has `which` under a key with ends(), and both have others */
{
	specificdata_key_create(domain, &third, ends);
	SET(one, third, which);
	SET(one, first, 8);
	SET(two, third, 6);
	SET(two, first, 9);
	if (key)
		specificdata_key_delete(domain, third);
	else
		specificdata_fini(domain, &one);
	return destroyed;
}
int locked(void);
int
locked(void)
{
	int n;

	SET(one, first, 3);
	mutex_enter(&one.specdataref_lock);
	n = (int)(long)specificdata_getspecific_unlocked(domain, &one, first);
	mutex_exit(&one.specdataref_lock);
	return n;
}
int on_mount(struct mount *mp);
int on_mount(struct mount *mp) { mount_specific_key_create(&mkey, gone);
	mount_setspecific(mp, mkey, (void *)9); return (int)(long)mount_getspecific(mp, mkey); }
int off_mount(struct mount *mp);
int off_mount(struct mount *mp) { mount_specific_key_delete(mkey); return destroyed; }
void wrong(int which);
void
wrong(int which)
{
	switch (which) {
	case 0: specificdata_getspecific(domain, &one, 7); break;
	case 1: specificdata_fini((specificdata_domain_t)&one, &one); break;
	case 2: specificdata_fini(domain, &two); SET(two, first, 1); break;
	case 3: specificdata_domain_delete(domain); break;
	case 5: specificdata_getspecific_unlocked(domain, &more, first); break;
	case 4: mount_getspecific((struct mount *)&one, 0); break;
	}
}
"""


@pytest.fixture
def sd(lab: Lab) -> Lab:
    """Two objects and two keys, 0 and 1."""
    lab.load(SOURCE)
    assert lab.call("int begin(void)") == 1
    return lab


@pytest.mark.parametrize(("how", "destroyed"), [(0, 43), (1, 34)])
def test_data_goes_with_its_object_and_with_its_key(sd: Lab, how: int, destroyed: int) -> None:
    """Each object has its own; the destructor of the key gets it, and there may be none."""
    assert sd.call("int use(void)") == 3045
    assert sd.call("int end(int how)", how) == destroyed
    assert sd.k.specificdata == {}


@pytest.mark.parametrize(
    ("which", "key", "destroyed"),
    [(1, 0, 1698), (1, 1, 196), (2, 0, 29), (2, 1, 2896), (3, 0, 38), (3, 1, 36)],
    ids=str,
)
def test_a_destructor_may_end_and_begin_objects_and_keys(
    sd: Lab, which: int, key: int, destroyed: int
) -> None:
    """What hangs there is destroyed once; not that of an ending object whose key is deleted meanwhile."""
    assert sd.call("int nested(int which, int key)", which, key) == destroyed


def test_getspecific_unlocked_takes_no_lock(sd: Lab) -> None:
    assert sd.call("int locked(void)") == 3


@pytest.mark.parametrize("unmounted", [False, True])
def test_data_of_a_mount(sd: Lab, tmp_path: Path, unmounted: bool) -> None:
    """It hangs there until the key is deleted, or the file system unmounted."""
    sd.p.mount("hostfs", "/mnt", sd.kernel.share(str(tmp_path)))
    [mp] = sd.k.vfs.mounts
    assert sd.call("int on_mount(struct mount *mp)", mp) == 9
    if unmounted:
        sd.p.unmount("/mnt")
        assert sd.value("destroyed") == 9
    assert sd.call("int off_mount(struct mount *mp)", mp) == 9


WRONG = {
    0: "specificdata_getspecific: key 7 was not created",
    1: "specificdata_fini: {one:#x} is not a specificdata_domain_t",
    2: "specificdata_setspecific: lock {lock:#x} (two+{step:#x} [probe]) was destroyed, called from wrong+0x",
    3: "specificdata_domain_delete: ",
    4: "{one:#x} is not a struct mount",
    5: "specificdata_getspecific_unlocked: {more:#x} is not an object of this domain",
}


@pytest.mark.parametrize("which", WRONG)
def test_misuse_panics(sd: Lab, which: int) -> None:
    """Function, value, and what is wrong with it."""
    step = sd.k.dm.pointer
    names = {name: sd.symbols[name] for name in ("one", "more")}
    names |= {"lock": sd.symbols["two"] + step, "step": step}
    panic = sd.panics(lambda: sd.call("void wrong(int which)", which))
    assert panic.reason.startswith(WRONG[which].format(**names))
    assert which != 3 or panic.reason.endswith(" has 2 objects")
