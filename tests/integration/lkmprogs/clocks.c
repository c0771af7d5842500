/* Dates and clocks. */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

int
main(void)
{
	struct utimbuf when = { 1000000000, 1234567890 };
	struct timespec ts = { 0, 1000000 }, left;
	struct timeval tv, later;
	struct itimerval it;
	struct stat st;
	struct tms spent;
	char buf[64];
	time_t now;

	if (close(creat("/tmp/clocks", 0600)) == -1 || utime("/tmp/clocks", &when) == -1)
		err(1, "/tmp/clocks");
	if (stat("/tmp/clocks", &st) == -1)
		err(1, "stat");
	printf("%s", ctime(&st.st_mtime));
	strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M", localtime(&st.st_mtime));
	printf("%s %ld\n", buf, (long)mktime(localtime(&when.actime)));
	gettimeofday(&tv, NULL);
	if (nanosleep(&ts, &left) == -1)
		err(1, "nanosleep");
	gettimeofday(&later, NULL);
	timersub(&later, &tv, &later);
	printf("%d\n", later.tv_sec > 0 || later.tv_usec >= 1000);
	time(&now);
	printf("%d %zu %zu\n", labs((long)(now - tv.tv_sec)) < 100, sizeof(time_t), sizeof(tv) / sizeof(long));
	getitimer(ITIMER_REAL, &it);
	printf("%ld %d\n", it.it_value.tv_sec, times(&spent) != (clock_t)-1 && clock() != (clock_t)-1);
	return unlink("/tmp/clocks");
}
