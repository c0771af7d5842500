/* <sys/specificdata.h>: data that a module hangs on an object of the kernel's, under a key. */

#ifndef _SYS_SPECIFICDATA_H_
#define _SYS_SPECIFICDATA_H_

#include <sys/types.h>
#include <sys/mutex.h>

typedef unsigned int	specificdata_key_t;
typedef void		(*specificdata_dtor_t)(void *);

typedef struct specificdata_domain	*specificdata_domain_t;
typedef struct specificdata_container	*specificdata_container_t;

typedef struct {
	specificdata_container_t specdataref_container;
	kmutex_t		 specdataref_lock;
} specificdata_reference;

#ifdef _KERNEL
specificdata_domain_t	specificdata_domain_create(void);
void	specificdata_domain_delete(specificdata_domain_t domain);
int	specificdata_key_create(specificdata_domain_t domain, specificdata_key_t *key, specificdata_dtor_t dtor);
void	specificdata_key_delete(specificdata_domain_t domain, specificdata_key_t key);
int	specificdata_init(specificdata_domain_t domain, specificdata_reference *ref);
void	specificdata_fini(specificdata_domain_t domain, specificdata_reference *ref);
void	*specificdata_getspecific(specificdata_domain_t domain, specificdata_reference *ref,
	    specificdata_key_t key);
void	*specificdata_getspecific_unlocked(specificdata_domain_t domain, specificdata_reference *ref,
	    specificdata_key_t key);
void	specificdata_setspecific(specificdata_domain_t domain, specificdata_reference *ref,
	    specificdata_key_t key, void *data);
int	specificdata_setspecific_nowait(specificdata_domain_t domain, specificdata_reference *ref,
	    specificdata_key_t key, void *data);
#endif

#endif
