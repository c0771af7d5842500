/* <sys/iostat.h>: statistics of devices. */

#ifndef _SYS_IOSTAT_H_
#define _SYS_IOSTAT_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/time.h>

#define IOSTATNAMELEN	16

typedef enum io_stats_type {
	IOSTAT_DISK,
	IOSTAT_TAPE,
	IOSTAT_NFS
} io_stats_type_t;

struct io_stats {
	char			 io_name[IOSTATNAMELEN];
	void			*io_parent;
	io_stats_type_t		 io_type;
	int			 io_busy;
	uint64_t		 io_rxfer;
	uint64_t		 io_wxfer;
	uint64_t		 io_seek;
	uint64_t		 io_rbytes;
	uint64_t		 io_wbytes;
	struct timeval		 io_attachtime;
	struct timeval		 io_timestamp;
	struct timeval		 io_time;
	TAILQ_ENTRY(io_stats)	 io_link;
};
TAILQ_HEAD(iostatlist_head, io_stats);

#ifdef _KERNEL
struct io_stats	*iostat_alloc(int32_t type, void *parent, const char *name);
void	iostat_free(struct io_stats *stats);
void	iostat_rename(struct io_stats *stats, const char *name);
void	iostat_busy(struct io_stats *stats);
void	iostat_unbusy(struct io_stats *stats, long bcount, int read);
bool	iostat_isbusy(struct io_stats *stats);
void	iostat_seek(struct io_stats *stats);
#endif

#endif
