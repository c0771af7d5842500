/* forgetful: bareguard, but it forgets to clear the variable. */

#define FORGETFUL
#define bareguard_lkmentry forgetful_lkmentry
#include "bareguard.c"
