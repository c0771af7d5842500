/* <sys/percpu.h>: percpu(9): memory of which every processor has its own. */

#ifndef _SYS_PERCPU_H_
#define _SYS_PERCPU_H_

#include <sys/types.h>

struct cpu_info;
typedef struct percpu	percpu_t;
typedef void		(*percpu_callback_t)(void *, void *, struct cpu_info *);

#ifdef _KERNEL
percpu_t	*percpu_alloc(size_t size);
void		 percpu_free(percpu_t *pc, size_t size);
void		*percpu_getref(percpu_t *pc);
void		 percpu_putref(percpu_t *pc);
void		 percpu_foreach(percpu_t *pc, percpu_callback_t cb, void *arg);
#endif

#endif
