/* <sys/signalvar.h>: sending signals from within the kernel. */

#ifndef _SYS_SIGNALVAR_H_
#define _SYS_SIGNALVAR_H_

#include <sys/signal.h>
#include <sys/proc.h>

#endif
