/* <sys/acct.h>: the bits of p_acflag. */

#ifndef _SYS_ACCT_H_
#define _SYS_ACCT_H_

#include <sys/cdefs.h>

#define AFORK	0x01
#define ASU	0x02		/* used the superuser's rights */
#define ACORE	0x08
#define AXSIG	0x10

#endif
