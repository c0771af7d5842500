"""pool(9) and pool_cache(9): objects that a module takes, gives back, forgets and confuses."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.cc.dialects import FLAGS
from support.lab import Lab

SOURCE = """
#include <sys/pool.h>
struct pool pool, other;
POOL_INIT(ready, 40, 0, 0, 0, "readypl", &pool_allocator_nointr, IPL_NONE);
static pool_cache_t cache;
int constructed, destructed;
static void *taken[8];

static int
ctor(void *arg, void *object, int flags)
{
    *(int *)object = 77;
    constructed++;
    return *(int *)arg;
}
static void dtor(void *arg, void *object) { destructed += *(int *)object; }
static int fail;

int start(int limit);
int
start(int limit)
{
    pool_init(&pool, 100, 64, 0, 0, "thingpl", NULL, IPL_NONE);
    pool_init(&other, 8, 0, 0, 0, "otherpl", &pool_allocator_kmem, IPL_NONE);
    pool_setlowat(&pool, 1);
    cache = pool_cache_init(24, 0, 0, 0, "thingcache", NULL, IPL_NONE, ctor, dtor, &fail);
    if (limit)
        pool_sethardlimit(&pool, limit, "thingpl: no more things", 1);
    return pool_prime(&pool, 2) == 0 && cache != NULL;
}
int finish(void);
int finish(void) { pool_destroy(&pool); pool_destroy(&other); pool_cache_destroy(cache); return 0; }

long get(int i, int flags);
long
get(int i, int flags)
{
    taken[i] = pool_get(&pool, flags);
    return (long)taken[i];
}
int put(int i);
int put(int i) { pool_put(&pool, taken[i]); return 0; }
int cached(int broken);
int
cached(int broken)
{
    paddr_t pa = 0;
    int *object;

    fail = broken;
    if ((object = pool_cache_get_paddr(cache, PR_NOWAIT, &pa)) == NULL)
        return -1;
    if (pa != (paddr_t)object || *object != 77)
        return -2;
    *object = 78;
    pool_cache_put(cache, object);
    return destructed;
}
int initialised(void);
int
initialised(void)
{
    char *object = pool_get(&ready, PR_WAITOK);

    memset(object, 1, 40);
    pool_put(&ready, object);
    return ready.pr_size;
}
int mistake(int what);
int
mistake(int what)
{
    static struct pool none;
    void *object = pool_get(&pool, PR_WAITOK);

    switch (what) {
    case 0: pool_put(&other, object); break;
    case 1: pool_put(&pool, object); pool_put(&pool, object); break;
    case 2: pool_get(&none, PR_WAITOK); break;
    case 3: pool_destroy(&pool); break;
    case 4: pool_cache_get((pool_cache_t)&fail, PR_WAITOK); break;
    case 5: pool_init(&none, 8, 24, 0, 0, "oddpl", NULL, IPL_NONE); break;
    case 6: pool_init(&pool, 8, 0, 0, 0, "againpl", NULL, IPL_NONE); break;
    case 7: pool_cache_put(cache, object); break;
    }
    return 0;
}
"""


def test_objects_come_and_go(lab: Lab) -> None:
    """Aligned; as many as there were given are given back."""
    lab.load(SOURCE)
    assert lab.call("int start(int limit)", 0) == 1
    first = lab.call("long get(int i, int flags)", 0, 2)
    second = lab.call("long get(int i, int flags)", 1, 0)
    assert first != second
    assert first % 64 == second % 64 == 0
    lab.call("int put(int i)", 0)
    lab.call("int put(int i)", 1)
    assert lab.call("int initialised(void)") == 40
    lab.call("int finish(void)")
    assert [pool.title for pool in lab.k.pools.values()] == ["ready"]
    modules.unload(lab.p, "probe")
    assert not lab.k.pools


def test_a_cache_constructs_and_destructs(lab: Lab) -> None:
    """What cannot be constructed is NULL."""
    lab.load(SOURCE)
    lab.call("int start(int limit)", 0)
    assert lab.call("int cached(int broken)", 0) == 78
    assert lab.call("int cached(int broken)", 1) == -1
    assert lab.value("constructed") == 2
    lab.call("int finish(void)")


def test_the_hard_limit(lab: Lab) -> None:
    """NULL without PR_WAITOK or with PR_LIMITFAIL; with it the thread sleeps until an object comes back."""
    lab.load(SOURCE)
    lab.call("int start(int limit)", 1)
    assert lab.call("long get(int i, int flags)", 0, 0) != 0
    assert lab.call("long get(int i, int flags)", 1, 0) == 0
    assert lab.call("long get(int i, int flags)", 1, 0x102) == 0
    assert lab.dmesg.count("thingpl: no more things\n") == 2
    waiting = lab.begin("long get(int i, int flags)", 1, 2)
    assert not waiting.done
    lab.call("int put(int i)", 0)
    lab.settle()
    assert waiting.done
    assert waiting.result() != 0
    lab.call("int put(int i)", 1)
    lab.call("int finish(void)")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (0, "pool_put: 'otherpl': "),
        (1, "is not an object that it has given"),
        (2, "is not a pool that pool_init() made"),
        (3, "pool_destroy: 1 objects of 'thingpl' are still out"),
        (4, "is not a cache that pool_cache_init() made"),
        (5, "pool_init: the alignment 24 of 'oddpl' is not a power of two"),
        (6, "is pool 'thingpl', of which 1 are out"),
        (7, "is an object of 'thingpl'"),
    ],
)
def test_mistakes(lab: Lab, what: int, why: str) -> None:
    lab.load(SOURCE)
    lab.call("int start(int limit)", 0)
    assert why in lab.panics(lambda: lab.call("int mistake(int what)", what)).report


def test_pools_of_an_unloaded_module(lab: Lab) -> None:
    """What is out goes with them, and a line says so."""
    lab.load(SOURCE)
    lab.call("int start(int limit)", 0)
    lab.call("long get(int i, int flags)", 0, 2)
    used = lab.k.heap.used
    modules.unload(lab.p, "probe")
    for title in ("thingpl", "otherpl", "thingcache"):
        assert f"LKM 'probe': pool '{title}' was not destroyed\n" in lab.dmesg
    assert not lab.k.pools
    assert lab.k.heap.used < used - 100


@pytest.mark.parametrize("api", ["2.0", "4.0"])
def test_pools_before_netbsd_5(lab: Lab, api: str) -> None:
    """No level; a cache is a struct of the module, over a pool."""
    lab.load(
        """
        #include <sys/pool.h>
        POOL_INIT(ready, 40, 0, 0, 0, "readypl", &pool_allocator_nointr);
        static struct pool pool;
        static struct pool_cache cache;
        static int ctor(void *arg, void *object, int flags) { *(char *)object = 5; return 0; }
        int probe(void);
        int
        probe(void)
        {
            char *object;
            int got;

            pool_init(&pool, 16, 0, 0, 0, "oldpl", &pool_allocator_nointr);
            pool_cache_init(&cache, &pool, ctor, NULL, NULL);
            object = pool_cache_get(&cache, PR_WAITOK);
            got = *object;
            pool_cache_put(&cache, object);
            pool_cache_destroy(&cache);
            pool_destroy(&pool);
            object = pool_get(&ready, PR_WAITOK);
            pool_put(&ready, object);
            return got;
        }
        """,
        flags=FLAGS[api],
    )
    assert lab.call("int probe(void)") == 5
