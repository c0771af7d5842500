"""<sys/syslog.h>: priorities of log(9), and the flags of the kernel's printf."""

LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG = range(8)
LOG_PRIMASK = 0x07
