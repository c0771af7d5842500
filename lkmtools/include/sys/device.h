/* <sys/device.h>: autoconfiguration; what a driver needs in order to name it. */

#ifndef _SYS_DEVICE_H_
#define _SYS_DEVICE_H_

#include <sys/types.h>
#include <sys/queue.h>

struct device;
struct cfdata;
struct cfdriver;
struct cfattach;

typedef struct device	*device_t;
typedef struct cfdata	*cfdata_t;

enum devact {
	DVACT_ACTIVATE,
	DVACT_DEACTIVATE
};

#endif
