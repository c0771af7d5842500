/* <syslog.h>: messages for the log, which go to the console. */

#ifndef _SYSLOG_H_
#define _SYSLOG_H_

#include <sys/syslog.h>

void	closelog(void);
void	openlog(const char *, int, int);
int	setlogmask(int);
void	syslog(int, const char *, ...);
void	vsyslog(int, const char *, va_list);

#endif
