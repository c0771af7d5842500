/* <sys/pool.h>: pool(9) and pool_cache(9): many objects of one size. */

#ifndef _SYS_POOL_H_
#define _SYS_POOL_H_

#include <sys/param.h>
#include <sys/callback.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/time.h>

struct pool;
struct pool_cache;
struct pool_item_header;
struct vm_map;

typedef struct pool_cache	*pool_cache_t;

/* Where a pool has its pages from. */
struct pool_allocator {
	void			*(*pa_alloc)(struct pool *, int);
	void			 (*pa_free)(struct pool *, void *);
	unsigned int		 pa_pagesz;
	kmutex_t		 pa_lock;
	TAILQ_HEAD(, pool)	 pa_list;
	int			 pa_flags;
#define PA_INITIALIZED	0x01
	int			 pa_pagemask;
	int			 pa_pageshift;
	struct vm_map		*pa_backingmap;
	struct vm_map		**pa_backingmapptr;
	SLIST_ENTRY(pool_allocator) pa_q;
};

LIST_HEAD(pool_pagelist, pool_item_header);

/* A pool: use the functions. */
struct pool {
	TAILQ_ENTRY(pool)	 pr_poollist;
	struct pool_pagelist	 pr_emptypages;
	struct pool_pagelist	 pr_fullpages;
	struct pool_pagelist	 pr_partpages;
	struct pool_item_header	*pr_curpage;
	struct pool		*pr_phpool;
	pool_cache_t		 pr_cache;
	unsigned int		 pr_size;
	unsigned int		 pr_align;
	unsigned int		 pr_itemoffset;
	unsigned int		 pr_minitems;
	unsigned int		 pr_minpages;
	unsigned int		 pr_maxpages;
	unsigned int		 pr_npages;
	unsigned int		 pr_itemsperpage;
	unsigned int		 pr_slack;
	unsigned int		 pr_nitems;
	unsigned int		 pr_nout;
	unsigned int		 pr_hardlimit;
	unsigned int		 pr_refcnt;
	struct pool_allocator	*pr_alloc;
	TAILQ_ENTRY(pool)	 pr_alloc_list;
	void			(*pr_drain_hook)(void *, int);
	void			*pr_drain_hook_arg;
	const char		*pr_wchan;
	unsigned int		 pr_flags;
	unsigned int		 pr_roflags;
	kmutex_t		 pr_lock;
	kcondvar_t		 pr_cv;
	int			 pr_ipl;
	struct { struct pool_item_header *sph_root; } pr_phtree;
	int			 pr_maxcolor;
	int			 pr_curcolor;
	int			 pr_phoffset;
	const char		*pr_hardlimit_warning;
	struct timeval		 pr_hardlimit_ratecap;
	struct timeval		 pr_hardlimit_warning_last;
	unsigned long		 pr_nget;
	unsigned long		 pr_nfail;
	unsigned long		 pr_nput;
	unsigned long		 pr_npagealloc;
	unsigned long		 pr_npagefree;
	unsigned int		 pr_hiwat;
	unsigned long		 pr_nidle;
	struct pool_log		*pr_log;
	int			 pr_curlogentry;
	int			 pr_logsize;
	const char		*pr_entered_file;
	long			 pr_entered_line;
	struct callback_entry	 pr_reclaimerentry;
	void			*pr_freecheck;
	void			*pr_qcache;
};

#define PR_NOWAIT	0x0000	/* the flags of pool_get */
#define PR_WAITOK	0x0002
#define PR_WANTED	0x0004
#define PR_PHINPAGE	0x0040
#define PR_LOGGING	0x0080
#define PR_LIMITFAIL	0x0100
#define PR_RECURSIVE	0x0200
#define PR_NOTOUCH	0x0400
#define PR_NOALIGN	0x0800
#define PR_LARGECACHE	0x1000

/*
 * A pool in a link set, which is made at its first use, by its first members, unless pool_init() has made it before.
 * Before NetBSD 5 it had no level.
 */
struct link_pool_init {
	struct pool		*pp;
	size_t			 size;
	u_int			 align;
	u_int			 align_offset;
	int			 flags;
	const char		*wchan;
	struct pool_allocator	*palloc;
	int			 ipl;
};
#define POOL_INIT(pp, size, align, align_offset, flags, wchan, ...) \
	struct pool pp = { .pr_size = (size), .pr_align = (align) }; \
	static const struct link_pool_init _link_##pp[1] = { \
		{ &pp, size, align, align_offset, flags, wchan, __VA_ARGS__ } \
	}; \
	__link_set_add_rodata(pools, _link_##pp)

#ifdef _KERNEL
extern struct pool_allocator	pool_allocator_kmem;
extern struct pool_allocator	pool_allocator_nointr;

void	pool_init(struct pool *pp, size_t size, u_int align, u_int align_offset, int flags, const char *wchan,
	    struct pool_allocator *palloc, int ipl);
void	pool_destroy(struct pool *pp);
void	pool_set_drain_hook(struct pool *pp, void (*hook)(void *, int), void *arg);
void	*pool_get(struct pool *pp, int flags);
void	pool_put(struct pool *pp, void *v);
int	pool_reclaim(struct pool *pp);
int	pool_prime(struct pool *pp, int n);
void	pool_setlowat(struct pool *pp, int n);
void	pool_sethiwat(struct pool *pp, int n);
void	pool_sethardlimit(struct pool *pp, int n, const char *warnmsg, int ratecap);
void	pool_drain_start(struct pool **ppp, uint64_t *wp);
void	pool_drain_end(struct pool *pp, uint64_t where);
void	pool_printit(struct pool *pp, const char *modif, void (*pr)(const char *, ...));

pool_cache_t	pool_cache_init(size_t size, u_int align, u_int align_offset, u_int flags, const char *wchan,
		    struct pool_allocator *palloc, int ipl, int (*ctor)(void *, void *, int),
		    void (*dtor)(void *, void *), void *arg);
void	pool_cache_bootstrap(pool_cache_t pc, size_t size, u_int align, u_int align_offset, u_int flags,
	    const char *wchan, struct pool_allocator *palloc, int ipl, int (*ctor)(void *, void *, int),
	    void (*dtor)(void *, void *), void *arg);
void	pool_cache_destroy(pool_cache_t pc);
void	*pool_cache_get_paddr(pool_cache_t pc, int flags, paddr_t *pap);
void	pool_cache_put_paddr(pool_cache_t pc, void *object, paddr_t pa);
void	pool_cache_destruct_object(pool_cache_t pc, void *object);
void	pool_cache_invalidate(pool_cache_t pc);
bool	pool_cache_reclaim(pool_cache_t pc);
void	pool_cache_set_drain_hook(pool_cache_t pc, void (*hook)(void *, int), void *arg);
void	pool_cache_setlowat(pool_cache_t pc, int n);
void	pool_cache_sethiwat(pool_cache_t pc, int n);
void	pool_cache_sethardlimit(pool_cache_t pc, int n, const char *warnmsg, int ratecap);
#define pool_cache_get(pc, flags)	pool_cache_get_paddr((pc), (flags), NULL)
#define pool_cache_put(pc, object)	pool_cache_put_paddr((pc), (object), (paddr_t)-1)

/* Before NetBSD 5 a pool had no level, and a cache was a struct of the module beside a pool of its own. */
#if __LKM_API < 500
struct pool_cache {
	char	 pc_reserved[256];
};
#define pool_init(pp, size, align, align_offset, flags, wchan, palloc) \
	(pool_init)((pp), (size), (align), (align_offset), (flags), (wchan), (palloc), IPL_NONE)
#define pool_cache_init(pc, pp, ctor, dtor, arg) \
	pool_cache_bootstrap((pc), (pp)->pr_size, (pp)->pr_align, 0, 0, "pool cache", NULL, IPL_NONE, (ctor), (dtor), (arg))
#endif
#endif

#endif
