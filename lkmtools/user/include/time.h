/* <time.h>: dates, in UTC. */

#ifndef _TIME_H_
#define _TIME_H_

#include <sys/time.h>
#include <sys/null.h>

#define CLOCKS_PER_SEC	100

struct tm {
	int	 tm_sec;
	int	 tm_min;
	int	 tm_hour;
	int	 tm_mday;
	int	 tm_mon;	/* 0 is January */
	int	 tm_year;	/* since 1900 */
	int	 tm_wday;	/* 0 is Sunday */
	int	 tm_yday;
	int	 tm_isdst;
	long	 tm_gmtoff;
	char	*tm_zone;
};

extern char	*tzname[2];

char	*asctime(const struct tm *);
char	*asctime_r(const struct tm *, char *);
clock_t	clock(void);
char	*ctime(const time_t *);
char	*ctime_r(const time_t *, char *);
double	difftime(time_t, time_t);
struct tm	*gmtime(const time_t *);
struct tm	*gmtime_r(const time_t *, struct tm *);
struct tm	*localtime(const time_t *);
struct tm	*localtime_r(const time_t *, struct tm *);
time_t	mktime(struct tm *);
size_t	strftime(char *, size_t, const char *, const struct tm *);
time_t	time(time_t *);
time_t	timegm(struct tm *);
void	tzset(void);

#endif
