/* <sys/bufq.h>: bufq(9): in which order a disk is given its buffers. */

#ifndef _SYS_BUFQ_H_
#define _SYS_BUFQ_H_

#include <sys/types.h>

struct buf;
struct bufq_state;

#define BUFQ_DISK_DEFAULT_STRAT		"disksort"
#define BUFQ_STRAT_ANY			""

#define BUFQ_SORT_MASK		0x000f
#define BUFQ_SORT_RAWBLOCK	0x0001
#define BUFQ_SORT_CYLINDER	0x0002
#define BUFQ_EXACT		0x0010

#ifdef _KERNEL
int	bufq_alloc(struct bufq_state **bufqp, const char *strat, int flags);
void	bufq_free(struct bufq_state *bufq);
void	bufq_drain(struct bufq_state *bufq);
void	bufq_put(struct bufq_state *bufq, struct buf *bp);
struct buf	*bufq_get(struct bufq_state *bufq);
struct buf	*bufq_peek(struct bufq_state *bufq);
struct buf	*bufq_cancel(struct bufq_state *bufq, struct buf *bp);
const char	*bufq_getstrategyname(struct bufq_state *bufq);
void	bufq_move(struct bufq_state *dst, struct bufq_state *src);
#endif

#endif
