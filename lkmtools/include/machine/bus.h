/* <machine/bus.h>: bus_space(9) and bus_dma(9): registers and memory of devices; one file for amd64 and i386. */

#ifndef _MACHINE_BUS_H_
#define _MACHINE_BUS_H_

#include <sys/types.h>

struct lwp;
struct mbuf;
struct proc;
struct uio;
struct vmspace;

typedef u_long	bus_addr_t;
typedef u_long	bus_size_t;

/* A kind of bus, and a piece of one. */
typedef int	bus_space_tag_t;
typedef u_long	bus_space_handle_t;

#define X86_BUS_SPACE_IO	0
#define X86_BUS_SPACE_MEM	1

#define BUS_SPACE_MAP_CACHEABLE		0x01
#define BUS_SPACE_MAP_LINEAR		0x02
#define BUS_SPACE_MAP_PREFETCHABLE	0x04
#define BUS_SPACE_BARRIER_READ		0x01
#define BUS_SPACE_BARRIER_WRITE		0x02

#define BUS_DMA_WAITOK		0x000
#define BUS_DMA_NOWAIT		0x001
#define BUS_DMA_ALLOCNOW	0x002
#define BUS_DMA_COHERENT	0x004
#define BUS_DMA_STREAMING	0x008
#define BUS_DMA_BUS1		0x010
#define BUS_DMA_BUS2		0x020
#define BUS_DMA_BUS3		0x040
#define BUS_DMA_BUS4		0x080
#define BUS_DMA_READ		0x100
#define BUS_DMA_WRITE		0x200
#define BUS_DMA_NOCACHE		0x400
#define BUS_DMASYNC_PREREAD	0x01
#define BUS_DMASYNC_POSTREAD	0x02
#define BUS_DMASYNC_PREWRITE	0x04
#define BUS_DMASYNC_POSTWRITE	0x08

typedef struct x86_bus_dma_tag	*bus_dma_tag_t;
typedef struct x86_bus_dmamap	*bus_dmamap_t;

typedef struct x86_bus_dma_segment {
	bus_addr_t	ds_addr;
	bus_size_t	ds_len;
} bus_dma_segment_t;

/* A transfer that has been prepared; what is behind the segments' number is the kernel's. */
struct x86_bus_dmamap {
	bus_size_t		_dm_size;
	int			_dm_segcnt;
	bus_size_t		_dm_maxmaxsegsz;
	bus_size_t		_dm_boundary;
	bus_addr_t		_dm_bounce_thresh;
	int			_dm_flags;
	void			*_dm_cookie;
	bus_size_t		dm_maxsegsz;
	bus_size_t		dm_mapsize;
	int			dm_nsegs;
	bus_dma_segment_t	dm_segs[1];
};

#ifdef _KERNEL
int	bus_space_map(bus_space_tag_t t, bus_addr_t addr, bus_size_t size, int flags, bus_space_handle_t *bshp);
void	bus_space_unmap(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t size);
int	bus_space_subregion(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, bus_size_t size,
	    bus_space_handle_t *nbshp);
int	bus_space_alloc(bus_space_tag_t t, bus_addr_t rstart, bus_addr_t rend, bus_size_t size, bus_size_t align,
	    bus_size_t boundary, int flags, bus_addr_t *addrp, bus_space_handle_t *bshp);
void	bus_space_free(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t size);
void	*bus_space_vaddr(bus_space_tag_t t, bus_space_handle_t bsh);
void	bus_space_barrier(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, bus_size_t len, int flags);
uint8_t		bus_space_read_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
uint16_t	bus_space_read_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
uint32_t	bus_space_read_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
void	bus_space_read_multi_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t *addr, size_t count);
void	bus_space_read_multi_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint16_t *addr, size_t count);
void	bus_space_read_multi_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t *addr, size_t count);
void	bus_space_read_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t *addr, size_t count);
void	bus_space_read_region_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint16_t *addr, size_t count);
void	bus_space_read_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t *addr, size_t count);
void	bus_space_write_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t value);
void	bus_space_write_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint16_t value);
void	bus_space_write_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t value);
void	bus_space_write_multi_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint8_t *addr,
	    size_t count);
void	bus_space_write_multi_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint16_t *addr,
	    size_t count);
void	bus_space_write_multi_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint32_t *addr,
	    size_t count);
void	bus_space_write_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint8_t *addr,
	    size_t count);
void	bus_space_write_region_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint16_t *addr,
	    size_t count);
void	bus_space_write_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const uint32_t *addr,
	    size_t count);
void	bus_space_set_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t value, size_t count);
void	bus_space_set_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t value, size_t count);

int	bus_dmamap_create(bus_dma_tag_t t, bus_size_t size, int nsegments, bus_size_t maxsegsz, bus_size_t boundary,
	    int flags, bus_dmamap_t *dmamp);
void	bus_dmamap_destroy(bus_dma_tag_t t, bus_dmamap_t map);
int	bus_dmamap_load(bus_dma_tag_t t, bus_dmamap_t map, void *buf, bus_size_t buflen, struct proc *p, int flags);
int	bus_dmamap_load_mbuf(bus_dma_tag_t t, bus_dmamap_t map, struct mbuf *m, int flags);
int	bus_dmamap_load_uio(bus_dma_tag_t t, bus_dmamap_t map, struct uio *uio, int flags);
void	bus_dmamap_unload(bus_dma_tag_t t, bus_dmamap_t map);
void	bus_dmamap_sync(bus_dma_tag_t t, bus_dmamap_t map, bus_addr_t offset, bus_size_t len, int ops);
int	bus_dmamem_alloc(bus_dma_tag_t t, bus_size_t size, bus_size_t alignment, bus_size_t boundary,
	    bus_dma_segment_t *segs, int nsegs, int *rsegs, int flags);
void	bus_dmamem_free(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs);
int	bus_dmamem_map(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs, size_t size, void **kvap, int flags);
void	bus_dmamem_unmap(bus_dma_tag_t t, void *kva, size_t size);
paddr_t	bus_dmamem_mmap(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs, off_t off, int prot, int flags);
#endif

#endif
