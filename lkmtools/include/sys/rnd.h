/* <sys/rnd.h>: rnd(9): sources of randomness. */

#ifndef _SYS_RND_H_
#define _SYS_RND_H_

#include <sys/types.h>
#include <sys/queue.h>

#define RND_FLAG_NO_ESTIMATE	0x00000100
#define RND_FLAG_NO_COLLECT	0x00000200
#define RND_TYPE_UNKNOWN	0
#define RND_TYPE_DISK		1
#define RND_TYPE_NET		2
#define RND_TYPE_TAPE		3
#define RND_TYPE_TTY		4
#define RND_TYPE_RNG		5

typedef struct {
	char		 name[16];
	uint32_t	 last_time;
	uint32_t	 last_delta;
	uint32_t	 last_delta2;
	uint32_t	 total;
	uint32_t	 type;
	uint32_t	 flags;
	void		*state;
} rndsource_t;

typedef struct __rndsource_element {
	LIST_ENTRY(__rndsource_element)	list;
	rndsource_t			data;
} rndsource_element_t;

#define RND_EXTRACT_ANY		0
#define RND_EXTRACT_GOOD	1

#ifdef _KERNEL
void		rnd_attach_source(rndsource_element_t *source, char *name, uint32_t type, uint32_t flags);
void		rnd_detach_source(rndsource_element_t *source);
void		rnd_add_data(rndsource_element_t *source, void *data, uint32_t len, uint32_t entropy);
void		rnd_add_uint32(rndsource_element_t *source, uint32_t value);
uint32_t	rnd_extract_data(void *p, uint32_t len, uint32_t flags);
#endif

#endif
