/* <sys/mutex.h>: mutex(9). Opaque: use the functions. */

#ifndef _SYS_MUTEX_H_
#define _SYS_MUTEX_H_

#include <sys/types.h>
#include <machine/intr.h>

typedef enum kmutex_type_t {
	MUTEX_SPIN,
	MUTEX_ADAPTIVE,
	MUTEX_DEFAULT,		/* by the priority level */
	MUTEX_DRIVER,
	MUTEX_NODEBUG
} kmutex_type_t;

struct lwp;

typedef struct kmutex {
	union {
		volatile uintptr_t	mtxa_owner;
	} u;
} kmutex_t;

/* In mtxa_owner: it is a spin mutex; an lwp waits for it. */
#define MUTEX_BIT_SPIN		0x01
#define MUTEX_BIT_WAITERS	0x02

#ifdef _KERNEL
void	mutex_init(kmutex_t *mtx, kmutex_type_t type, int ipl);
void	mutex_destroy(kmutex_t *mtx);
void	mutex_enter(kmutex_t *mtx);
void	mutex_exit(kmutex_t *mtx);
void	mutex_spin_enter(kmutex_t *mtx);
void	mutex_spin_exit(kmutex_t *mtx);
int	mutex_tryenter(kmutex_t *mtx);
int	mutex_owned(kmutex_t *mtx);
struct lwp *mutex_owner(kmutex_t *mtx);

/* A mutex with references, in memory of its own. */
kmutex_t *mutex_obj_alloc(kmutex_type_t type, int ipl);
void	mutex_obj_hold(kmutex_t *mtx);
bool	mutex_obj_free(kmutex_t *mtx);
#endif

#endif
