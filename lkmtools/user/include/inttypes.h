/* <inttypes.h>: <stdint.h>, the letters of its types in printf and scanf, and functions of the widest. */

#ifndef _INTTYPES_H_
#define _INTTYPES_H_

#include <stdint.h>
#include <sys/inttypes.h>

/* The scanf letters of these types. */
#ifdef __LP64__
#define __LKM_SCNFAST8	""
#define __LKM_SCNFAST16	""
#else
#define __LKM_SCNFAST8	"hh"
#define __LKM_SCNFAST16	"h"
#endif
#define SCNd8		"hh" "d"
#define SCNdLEAST8	"hh" "d"
#define SCNdFAST8	__LKM_SCNFAST8 "d"
#define SCNd16		"h" "d"
#define SCNdLEAST16	"h" "d"
#define SCNdFAST16	__LKM_SCNFAST16 "d"
#define SCNd32		"d"
#define SCNdLEAST32	"d"
#define SCNdFAST32	"d"
#define SCNd64		__LKM_PRI64 "d"
#define SCNdLEAST64	__LKM_PRI64 "d"
#define SCNdFAST64	__LKM_PRI64 "d"
#define SCNdMAX		__LKM_PRI64 "d"
#define SCNdPTR		__LKM_PRIPTR "d"

#define SCNi8		"hh" "i"
#define SCNiLEAST8	"hh" "i"
#define SCNiFAST8	__LKM_SCNFAST8 "i"
#define SCNi16		"h" "i"
#define SCNiLEAST16	"h" "i"
#define SCNiFAST16	__LKM_SCNFAST16 "i"
#define SCNi32		"i"
#define SCNiLEAST32	"i"
#define SCNiFAST32	"i"
#define SCNi64		__LKM_PRI64 "i"
#define SCNiLEAST64	__LKM_PRI64 "i"
#define SCNiFAST64	__LKM_PRI64 "i"
#define SCNiMAX		__LKM_PRI64 "i"
#define SCNiPTR		__LKM_PRIPTR "i"

#define SCNo8		"hh" "o"
#define SCNoLEAST8	"hh" "o"
#define SCNoFAST8	__LKM_SCNFAST8 "o"
#define SCNo16		"h" "o"
#define SCNoLEAST16	"h" "o"
#define SCNoFAST16	__LKM_SCNFAST16 "o"
#define SCNo32		"o"
#define SCNoLEAST32	"o"
#define SCNoFAST32	"o"
#define SCNo64		__LKM_PRI64 "o"
#define SCNoLEAST64	__LKM_PRI64 "o"
#define SCNoFAST64	__LKM_PRI64 "o"
#define SCNoMAX		__LKM_PRI64 "o"
#define SCNoPTR		__LKM_PRIPTR "o"

#define SCNu8		"hh" "u"
#define SCNuLEAST8	"hh" "u"
#define SCNuFAST8	__LKM_SCNFAST8 "u"
#define SCNu16		"h" "u"
#define SCNuLEAST16	"h" "u"
#define SCNuFAST16	__LKM_SCNFAST16 "u"
#define SCNu32		"u"
#define SCNuLEAST32	"u"
#define SCNuFAST32	"u"
#define SCNu64		__LKM_PRI64 "u"
#define SCNuLEAST64	__LKM_PRI64 "u"
#define SCNuFAST64	__LKM_PRI64 "u"
#define SCNuMAX		__LKM_PRI64 "u"
#define SCNuPTR		__LKM_PRIPTR "u"

#define SCNx8		"hh" "x"
#define SCNxLEAST8	"hh" "x"
#define SCNxFAST8	__LKM_SCNFAST8 "x"
#define SCNx16		"h" "x"
#define SCNxLEAST16	"h" "x"
#define SCNxFAST16	__LKM_SCNFAST16 "x"
#define SCNx32		"x"
#define SCNxLEAST32	"x"
#define SCNxFAST32	"x"
#define SCNx64		__LKM_PRI64 "x"
#define SCNxLEAST64	__LKM_PRI64 "x"
#define SCNxFAST64	__LKM_PRI64 "x"
#define SCNxMAX		__LKM_PRI64 "x"
#define SCNxPTR		__LKM_PRIPTR "x"

typedef struct {
	intmax_t	quot;
	intmax_t	rem;
} imaxdiv_t;

intmax_t	imaxabs(intmax_t);
imaxdiv_t	imaxdiv(intmax_t, intmax_t);
intmax_t	strtoimax(const char *, char **, int);
uintmax_t	strtoumax(const char *, char **, int);

#endif
