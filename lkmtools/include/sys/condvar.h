/* <sys/condvar.h>: condvar(9): sleeping until a condition that a mutex protects may hold. */

#ifndef _SYS_CONDVAR_H_
#define _SYS_CONDVAR_H_

#include <sys/types.h>
#include <sys/mutex.h>

typedef struct kcondvar {
	void		*cv_opaque[2];
	const char	*cv_wmesg;	/* what ps shows */
} kcondvar_t;

#ifdef _KERNEL
void	cv_init(kcondvar_t *cv, const char *wmesg);
void	cv_destroy(kcondvar_t *cv);
void	cv_wait(kcondvar_t *cv, kmutex_t *mtx);
int	cv_wait_sig(kcondvar_t *cv, kmutex_t *mtx);
int	cv_timedwait(kcondvar_t *cv, kmutex_t *mtx, int timo);
int	cv_timedwait_sig(kcondvar_t *cv, kmutex_t *mtx, int timo);
void	cv_signal(kcondvar_t *cv);
void	cv_broadcast(kcondvar_t *cv);
void	cv_wakeup(kcondvar_t *cv);
bool	cv_has_waiters(kcondvar_t *cv);
bool	cv_is_valid(kcondvar_t *cv);

extern kcondvar_t	lbolt;		/* a wakeup once a second; tsleep(&lbolt, ...) too */
#endif

#endif
