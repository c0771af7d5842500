/* <sys/vmmeter.h>: sums over the memory of all processes. */

#ifndef _SYS_VMMETER_H_
#define _SYS_VMMETER_H_

#include <sys/types.h>

struct vmtotal {
	int16_t	t_rq;
	int16_t	t_dw;
	int16_t	t_pw;
	int16_t	t_sl;
	int16_t	t_sw;
	int32_t	t_vm;
	int32_t	t_avm;
	int32_t	t_rm;
	int32_t	t_arm;
	int32_t	t_vmshr;
	int32_t	t_avmshr;
	int32_t	t_rmshr;
	int32_t	t_armshr;
	int32_t	t_free;
};

#endif
