/* <assert.h>: may be included again, with NDEBUG or without. */

#ifndef _ASSERT_H_
#define _ASSERT_H_

void	__assert13(const char *, int, const char *, const char *) __attribute__((__noreturn__));

#endif

#undef assert
#ifdef NDEBUG
#define assert(e)	((void)0)
#else
#define assert(e)	((e) ? (void)0 : __assert13(__FILE__, __LINE__, __func__, #e))
#endif
