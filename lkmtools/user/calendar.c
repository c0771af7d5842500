/* <time.h>: dates. There are no time zones but UTC. */

#include "library.h"

#include <sys/resource.h>
#include <string.h>
#include <time.h>

WEAK(gmtime) WEAK(gmtime_r) WEAK(localtime) WEAK(localtime_r) WEAK(mktime) WEAK(timegm) WEAK(asctime) WEAK(asctime_r)
WEAK(ctime) WEAK(ctime_r) WEAK(strftime) WEAK(difftime) WEAK(clock) WEAK(tzset) WEAK(tzname)

char *tzname[2] = { "UTC", "UTC" };

static const char days[][10] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char months[][10] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December" };

/* Days from 1970 to the first of a month of the Gregorian calendar, whose years begin in March here. */
static long long
until(long long year, int month)
{
	year -= month < 2;
	month = (month + 10) % 12;
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 - 719468;
}

struct tm *
gmtime_r(const time_t *when, struct tm *tm)
{
	long day = *when / 86400, left = *when % 86400, year;	/* of 1901 to 2038 */

	if (left < 0)
		left += 86400, day--;
	tm->tm_hour = (int)(left / 3600);
	tm->tm_min = (int)(left / 60 % 60);
	tm->tm_sec = (int)(left % 60);
	tm->tm_wday = (int)((day % 7 + 11) % 7);
	for (year = 1970 + day / 366; until(year + 1, 0) <= day; year++)
		continue;
	while (until(year, 0) > day)
		year--;
	tm->tm_year = (int)(year - 1900);
	tm->tm_yday = (int)(day - until(year, 0));
	for (tm->tm_mon = 11; until(year, tm->tm_mon) > day; tm->tm_mon--)
		continue;
	tm->tm_mday = (int)(day - until(year, tm->tm_mon) + 1);
	tm->tm_isdst = 0;
	tm->tm_gmtoff = 0;
	tm->tm_zone = tzname[0];
	return tm;
}

/* -1 for what no time_t holds. */
time_t
timegm(struct tm *tm)
{
	long long year = tm->tm_year + 1900LL + tm->tm_mon / 12, seconds;
	int month = tm->tm_mon % 12;
	time_t when;

	if (month < 0)
		month += 12, year--;
	seconds = ((until(year, month) + tm->tm_mday - 1) * 24 + tm->tm_hour) * 3600 + tm->tm_min * 60LL + tm->tm_sec;
	when = (time_t)seconds;
	if (when != seconds)
		return -1;
	gmtime_r(&when, tm);
	return when;
}

static struct tm shared;
struct tm *localtime_r(const time_t *when, struct tm *tm) { return gmtime_r(when, tm); }
struct tm *gmtime(const time_t *when) { return gmtime_r(when, &shared); }
struct tm *localtime(const time_t *when) { return gmtime_r(when, &shared); }
time_t mktime(struct tm *tm) { return timegm(tm); }
double difftime(time_t a, time_t b) { return (double)a - (double)b; }
void tzset(void) {}

static const char *day_name(const struct tm *tm) { return tm->tm_wday >= 0 && tm->tm_wday < 7 ? days[tm->tm_wday] : "???"; }
static const char *month_name(const struct tm *tm) { return tm->tm_mon >= 0 && tm->tm_mon < 12 ? months[tm->tm_mon] : "???"; }

char *
asctime_r(const struct tm *tm, char *buf)
{
	snprintf(buf, 26, "%.3s %.3s%3d %02d:%02d:%02d %d\n", day_name(tm), month_name(tm), tm->tm_mday, tm->tm_hour,
	    tm->tm_min, tm->tm_sec, tm->tm_year + 1900);
	return buf;
}

char *asctime(const struct tm *tm) { static char buf[26]; return asctime_r(tm, buf); }
char *ctime_r(const time_t *when, char *buf) { struct tm tm; return asctime_r(gmtime_r(when, &tm), buf); }
char *ctime(const time_t *when) { return asctime(gmtime(when)); }

clock_t
clock(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (clock_t)((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * CLOCKS_PER_SEC +
	    (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / (1000000 / CLOCKS_PER_SEC));
}

/* The week of the year, the first one beginning with its first day `first` (0: Sunday). */
static int
week(const struct tm *tm, int first)
{
	return (tm->tm_yday + 7 - (tm->tm_wday - first + 7) % 7) / 7;
}

/* The week of ISO 8601: of Monday to Sunday, in the year of its Thursday, which is often another one's. */
static int
iso_week(const struct tm *tm, int *year)
{
	int thursday = tm->tm_yday - (tm->tm_wday + 6) % 7 + 3, length;

	*year = tm->tm_year + 1900;
	if (thursday < 0) {
		--*year;
		thursday += (int)(until(*year + 1, 0) - until(*year, 0));
	} else if (thursday >= (length = (int)(until(*year + 1, 0) - until(*year, 0)))) {
		++*year;
		thursday -= length;
	}
	return thursday / 7 + 1;
}

/* One conversion of strftime(); what stands for several others is their format. */
static const char *
part(char conv, const struct tm *tm, char *buf, size_t room)
{
	int year = tm->tm_year + 1900, hour = (tm->tm_hour + 11) % 12 + 1, iso_year, iso = iso_week(tm, &iso_year);

	switch (conv) {
	case 'a': snprintf(buf, room, "%.3s", day_name(tm)); break;
	case 'A': snprintf(buf, room, "%s", day_name(tm)); break;
	case 'b': case 'h': snprintf(buf, room, "%.3s", month_name(tm)); break;
	case 'B': snprintf(buf, room, "%s", month_name(tm)); break;
	case 'C': snprintf(buf, room, "%02d", year / 100); break;
	case 'd': snprintf(buf, room, "%02d", tm->tm_mday); break;
	case 'e': snprintf(buf, room, "%2d", tm->tm_mday); break;
	case 'g': snprintf(buf, room, "%02d", iso_year % 100); break;
	case 'G': snprintf(buf, room, "%d", iso_year); break;
	case 'H': snprintf(buf, room, "%02d", tm->tm_hour); break;
	case 'I': snprintf(buf, room, "%02d", hour); break;
	case 'j': snprintf(buf, room, "%03d", tm->tm_yday + 1); break;
	case 'k': snprintf(buf, room, "%2d", tm->tm_hour); break;
	case 'l': snprintf(buf, room, "%2d", hour); break;
	case 'm': snprintf(buf, room, "%02d", tm->tm_mon + 1); break;
	case 'M': snprintf(buf, room, "%02d", tm->tm_min); break;
	case 'p': snprintf(buf, room, "%s", tm->tm_hour < 12 ? "AM" : "PM"); break;
	case 'S': snprintf(buf, room, "%02d", tm->tm_sec); break;
	case 's': snprintf(buf, room, "%ld", (long)timegm(&(struct tm){ .tm_year = tm->tm_year, .tm_mon = tm->tm_mon,
		    .tm_mday = tm->tm_mday, .tm_hour = tm->tm_hour, .tm_min = tm->tm_min, .tm_sec = tm->tm_sec })); break;
	case 'u': snprintf(buf, room, "%d", (tm->tm_wday + 6) % 7 + 1); break;
	case 'U': snprintf(buf, room, "%02d", week(tm, 0)); break;
	case 'V': snprintf(buf, room, "%02d", iso); break;
	case 'w': snprintf(buf, room, "%d", tm->tm_wday); break;
	case 'W': snprintf(buf, room, "%02d", week(tm, 1)); break;
	case 'y': snprintf(buf, room, "%02d", year % 100); break;
	case 'Y': snprintf(buf, room, "%d", year); break;
	case 'z': return "+0000";
	case 'Z': return tzname[0];
	case 'n': return "\n";
	case 't': return "\t";
	default: snprintf(buf, room, "%c", conv); break;
	}
	return buf;
}

size_t
strftime(char *out, size_t room, const char *fmt, const struct tm *tm)
{
	static const struct { char conv; const char *fmt; } composed[] = {
		{ 'c', "%a %b %e %H:%M:%S %Y" }, { 'D', "%m/%d/%y" }, { 'F', "%Y-%m-%d" }, { 'r', "%I:%M:%S %p" },
		{ 'R', "%H:%M" }, { 'T', "%H:%M:%S" }, { 'v', "%e-%b-%Y" }, { 'x', "%m/%d/%y" }, { 'X', "%H:%M:%S" },
		{ '+', "%a %b %e %H:%M:%S %Z %Y" },
	};
	size_t n = 0, i;
	char buf[64];

	for (; *fmt != '\0'; fmt++) {
		const char *text = buf;

		buf[0] = *fmt, buf[1] = '\0';
		if (*fmt == '%' && fmt[1] != '\0') {
			fmt++;
			if ((*fmt == 'E' || *fmt == 'O') && fmt[1] != '\0')	/* of other locales */
				fmt++;
			for (i = 0; i < sizeof(composed) / sizeof(composed[0]) && composed[i].conv != *fmt; i++)
				continue;
			if (i == sizeof(composed) / sizeof(composed[0]))
				text = part(*fmt, tm, buf, sizeof(buf));
			else
				strftime(buf, sizeof(buf), composed[i].fmt, tm);
		}
		if (n + strlen(text) >= room)
			return 0;
		strcpy(out + n, text);
		n += strlen(text);
	}
	if (room != 0)
		out[n] = '\0';
	return n;
}
