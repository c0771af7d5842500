/* <sys/extent.h>: extent(9): ranges of numbers, of which parts are taken and given back. */

#ifndef _SYS_EXTENT_H_
#define _SYS_EXTENT_H_

#include <sys/types.h>
#include <sys/malloc.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/stdbool.h>

struct extent_region {
	LIST_ENTRY(extent_region)	er_link;
	u_long				er_start;
	u_long				er_end;
	int				er_flags;
};
#define ER_ALLOC	0x01

struct extent {
	const char			*ex_name;
	kmutex_t			 ex_lock;
	kcondvar_t			 ex_cv;
	LIST_HEAD(, extent_region)	 ex_regions;	/* by address; they do not overlap */
	u_long				 ex_start;
	u_long				 ex_end;	/* the last one */
	struct malloc_type		*ex_mtype;
	int				 ex_flags;
	bool				 ex_flwanted;
};

struct extent_fixed {
	struct extent			 fex_extent;
	LIST_HEAD(, extent_region)	 fex_freelist;
	void				*fex_storage;
	size_t				 fex_storagesize;
};

#define EXF_FIXED		0x01
#define EXF_NOCOALESCE		0x02

#define EX_NOWAIT		0x00
#define EX_WAITOK		0x01
#define EX_FAST			0x02
#define EX_CATCH		0x04
#define EX_NOCOALESCE		0x08
#define EX_MALLOCOK		0x10
#define EX_WAITSPACE		0x20
#define EX_BOUNDZERO		0x40

#define EX_NOALIGN		1
#define EX_NOBOUNDARY		0

#define EXTENT_FIXED_STORAGE_SIZE(nregions) \
	(ALIGN(sizeof(struct extent_fixed)) + ALIGN(sizeof(struct extent_region)) * (nregions))

#ifdef _KERNEL
struct extent	*extent_create(const char *name, u_long start, u_long end, struct malloc_type *mtype, void *storage,
		    size_t storagesize, int flags);
void	extent_destroy(struct extent *ex);
int	extent_alloc_subregion1(struct extent *ex, u_long substart, u_long subend, u_long size, u_long alignment,
	    u_long skew, u_long boundary, int flags, u_long *result);
int	extent_alloc1(struct extent *ex, u_long size, u_long alignment, u_long skew, u_long boundary, int flags,
	    u_long *result);
int	extent_alloc_region(struct extent *ex, u_long start, u_long size, int flags);
int	extent_free(struct extent *ex, u_long start, u_long size, int flags);
void	extent_print(struct extent *ex);

#define extent_alloc_subregion(ex, ss, se, size, align, boundary, flags, result) \
	extent_alloc_subregion1((ex), (ss), (se), (size), (align), 0, (boundary), (flags), (result))
#define extent_alloc(ex, size, align, boundary, flags, result) \
	extent_alloc1((ex), (size), (align), 0, (boundary), (flags), (result))
#endif

#endif
