/* <sys/syslog.h>: log(9) and its priorities. */

#ifndef _SYS_SYSLOG_H_
#define _SYS_SYSLOG_H_

#include <sys/stdarg.h>

#define LOG_EMERG	0
#define LOG_ALERT	1
#define LOG_CRIT	2
#define LOG_ERR		3
#define LOG_WARNING	4
#define LOG_NOTICE	5
#define LOG_INFO	6
#define LOG_DEBUG	7
#define LOG_PRIMASK	0x07

#define LOG_KERN	(0 << 3)

#ifdef _KERNEL
void	log(int pri, const char *fmt, ...);
void	vlog(int pri, const char *fmt, va_list ap);
void	addlog(const char *fmt, ...);
#endif

#endif
