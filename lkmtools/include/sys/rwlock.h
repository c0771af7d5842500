/* <sys/rwlock.h>: rwlock(9): many readers or one writer. Opaque: use the functions. */

#ifndef _SYS_RWLOCK_H_
#define _SYS_RWLOCK_H_

#include <sys/types.h>

typedef enum krw_t {
	RW_READER = 0,
	RW_WRITER = 1
} krw_t;

struct lwp;

typedef struct krwlock {
	volatile uintptr_t	rw_owner;
} krwlock_t;

/* In rw_owner: an lwp waits; one that wants to write does; it is the writer that is there, not the readers. */
#define RW_HAS_WAITERS		0x01
#define RW_WRITE_WANTED		0x02
#define RW_WRITE_LOCKED		0x04
#define RW_READ_INCR		0x10	/* a reader */

#ifdef _KERNEL
void	rw_init(krwlock_t *rw);
void	rw_destroy(krwlock_t *rw);
void	rw_enter(krwlock_t *rw, const krw_t op);
void	rw_exit(krwlock_t *rw);
int	rw_tryenter(krwlock_t *rw, const krw_t op);
int	rw_tryupgrade(krwlock_t *rw);
void	rw_downgrade(krwlock_t *rw);
int	rw_read_held(krwlock_t *rw);
int	rw_write_held(krwlock_t *rw);
int	rw_lock_held(krwlock_t *rw);
#endif

#endif
