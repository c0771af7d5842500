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
	u_long		 rw_magic;
	struct lwp	*rw_owner;
	u_long		 rw_readers;
	u_long		 rw_waiters;
} krwlock_t;

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
