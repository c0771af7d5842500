/* <ctype.h>: classes of characters, as in the locale "C", and <locale.h>, which has no other. */

#include "library.h"

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

WEAK(isalnum) WEAK(isalpha) WEAK(isblank) WEAK(iscntrl) WEAK(isdigit) WEAK(isgraph) WEAK(islower) WEAK(isprint)
WEAK(ispunct) WEAK(isspace) WEAK(isupper) WEAK(isxdigit) WEAK(tolower) WEAK(toupper) WEAK(isascii) WEAK(toascii)
WEAK(setlocale) WEAK(localeconv)

int isupper(int c) { return c >= 'A' && c <= 'Z'; }
int islower(int c) { return c >= 'a' && c <= 'z'; }
int isdigit(int c) { return c >= '0' && c <= '9'; }
int isxdigit(int c) { return isdigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }
int isalpha(int c) { return isupper(c) || islower(c); }
int isalnum(int c) { return isalpha(c) || isdigit(c); }
int isblank(int c) { return c == ' ' || c == '\t'; }
int isspace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int iscntrl(int c) { return (c >= 0 && c < ' ') || c == 0x7f; }
int isprint(int c) { return c >= ' ' && c < 0x7f; }
int isgraph(int c) { return c > ' ' && c < 0x7f; }
int ispunct(int c) { return isgraph(c) && !isalnum(c); }
int isascii(int c) { return (c & ~0x7f) == 0; }
int toascii(int c) { return c & 0x7f; }
int tolower(int c) { return isupper(c) ? c - 'A' + 'a' : c; }
int toupper(int c) { return islower(c) ? c - 'a' + 'A' : c; }

char *
setlocale(int category, const char *locale)
{
	static char c[] = "C";

	if (category < LC_ALL || category > LC_MESSAGES)
		return NULL;
	return locale == NULL || *locale == '\0' || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0 ? c : NULL;
}

struct lconv *
localeconv(void)
{
	static char point[] = ".", none[] = "";
	static struct lconv c = { point, none, none, none, none, none, none, none, none, none, CHAR_MAX, CHAR_MAX, CHAR_MAX,
		CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX, CHAR_MAX };

	return &c;
}
