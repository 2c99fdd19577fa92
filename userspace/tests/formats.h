/* SPDX-License-Identifier: GPL-2.0-only */
/* Formats of events as tracefs has them on Debian's 6.12, but for their numbers. */
#ifndef NPTB_TESTS_FORMATS_H
#define NPTB_TESTS_FORMATS_H

#define HEADER_PAGE \
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n" \
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" \
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n" \
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n"

#define HEADER_EVENT \
	"# compressed entry header\n" \
	"\ttype_len    :    5 bits\n" \
	"\ttime_delta  :   27 bits\n" \
	"\tarray       :   32 bits\n" \
	"\n" \
	"\tpadding     : type == 29\n" \
	"\ttime_extend : type == 30\n" \
	"\ttime_stamp : type == 31\n" \
	"\tdata max type_len  == 28\n"

#define COMMON_FIELDS \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"

/* The first of each event of the module. */
#define VM_FIELDS \
	"\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;\n" \
	"\tfield:int fd;\toffset:12;\tsize:4;\tsigned:1;\n" \
	"\tfield:u32 nth;\toffset:16;\tsize:4;\tsigned:0;\n"

#define FORMAT_PRINT \
	"name: print\n" \
	"ID: 5\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n" \
	"\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"%ps: %s\", (void *)REC->ip, REC->buf\n"

#define FORMAT_ATTACH \
	"name: nptb_attach\n" \
	"ID: 101\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	VM_FIELDS \
	"\tfield:u64 budget;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:char policy[16];\toffset:32;\tsize:16;\tsigned:0;\n" \
	"\tfield:u64 seed;\toffset:48;\tsize:8;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"vm=%d-%d nth=%u budget=%llu policy=%s seed=%llu\", REC->pid" \
	", REC->fd, REC->nth, REC->budget, REC->policy, REC->seed\n"

#define FORMAT_EVICT \
	"name: nptb_evict\n" \
	"ID: 102\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	VM_FIELDS \
	"\tfield:s32 vcpu;\toffset:20;\tsize:4;\tsigned:1;\n" \
	"\tfield:u32 as;\toffset:24;\tsize:4;\tsigned:0;\n" \
	"\tfield:u64 gfn;\toffset:32;\tsize:8;\tsigned:0;\n" \
	"\tfield:u32 reason;\toffset:40;\tsize:4;\tsigned:0;\n" \
	"\tfield:bool own;\toffset:44;\tsize:1;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"vm=%d-%d nth=%u vcpu=%d gfn=0x%llx as=%u reason=%s own=%d\"" \
	", REC->pid, REC->fd, REC->nth, REC->vcpu, REC->gfn, REC->as, __print_s" \
	"ymbolic(REC->reason, { 0, \"fault\" }, { 1, \"budget\" }, { 2, \"flush\" })," \
	" REC->own\n"

/* Fields of a fault until it came to tell what was evicted for it. */
#define FAULT_FIELDS \
	VM_FIELDS \
	"\tfield:u32 vcpu;\toffset:20;\tsize:4;\tsigned:0;\n" \
	"\tfield:u64 rip;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 gpa;\toffset:32;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 error_code;\toffset:40;\tsize:8;\tsigned:0;\n" \
	"\tfield:u32 verdict;\toffset:48;\tsize:4;\tsigned:0;\n" \
	"\tfield:u32 evicted;\toffset:52;\tsize:4;\tsigned:0;\n" \
	"\tfield:u64 attempt;\toffset:56;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 resident;\toffset:64;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 seq;\toffset:72;\tsize:8;\tsigned:0;\n" \
	"\tfield:u8 as;\toffset:80;\tsize:1;\tsigned:0;\n" \
	"\tfield:bool known;\toffset:81;\tsize:1;\tsigned:0;\n" \
	"\tfield:u8 event;\toffset:82;\tsize:1;\tsigned:0;\n"

#define FORMAT_FAULT \
	"name: nptb_fault\n" \
	"ID: 103\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	FAULT_FIELDS \
	"\n" \
	"print fmt: \"vm=%d-%d nth=%u vcpu=%u rip=0x%llx gpa=0x%llx error_code=0" \
	"x%llx verdict=%s evicted=%u attempt=%llu resident=%llu seq=%llu as=%u " \
	"known=%d\", REC->pid, REC->fd, REC->nth, REC->vcpu, REC->rip, REC->gpa," \
	" REC->error_code, __print_symbolic(REC->verdict, { 0, \"mapped\" }, { 1," \
	" \"spurious\" }, { 2, \"retry\" }, { 3, \"deferred\" }, { 4, \"emulated\" }, {" \
	" 5, \"mmio\" }, { 6, \"error\" }, { 7, \"passed\" }, { 8, \"stopped\" }, { 9, " \
	"\"stepped\" }), REC->evicted, REC->attempt, REC->resident, REC->seq, REC" \
	"->as, REC->known\n"

/* The same with what was evicted. */
#define FORMAT_FAULT_VICTIM \
	"name: nptb_fault\n" \
	"ID: 103\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	FAULT_FIELDS \
	"\tfield:u8 victim_as;\toffset:83;\tsize:1;\tsigned:0;\n" \
	"\tfield:u64 victim;\toffset:88;\tsize:8;\tsigned:0;\n" \
	"\tfield:bool own;\toffset:96;\tsize:1;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"gpa=0x%llx victim=0x%llx\", REC->gpa, REC->victim\n"

#define FORMAT_LOOP \
	"name: nptb_loop\n" \
	"ID: 104\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	VM_FIELDS \
	"\tfield:u32 vcpu;\toffset:20;\tsize:4;\tsigned:0;\n" \
	"\tfield:u32 class;\toffset:24;\tsize:4;\tsigned:0;\n" \
	"\tfield:s32 vector;\toffset:28;\tsize:4;\tsigned:1;\n" \
	"\tfield:u64 rip;\toffset:32;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 cr3;\toffset:40;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 laps;\toffset:48;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 attempt;\toffset:56;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 budget;\toffset:64;\tsize:8;\tsigned:0;\n" \
	"\tfield:u32 npages;\toffset:72;\tsize:4;\tsigned:0;\n" \
	"\tfield:__data_loc u64[] gfns;\toffset:76;\tsize:4;\tsigned:0;\n" \
	"\tfield:__data_loc u8[] roles;\toffset:80;\tsize:4;\tsigned:0;\n" \
	"\tfield:__data_loc u8[] insn;\toffset:84;\tsize:4;\tsigned:0;\n" \
	"\tfield:u32 event;\toffset:88;\tsize:4;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"vm=%d-%d nth=%u vcpu=%u class=%s vector=%d rip=0x%llx cr3=" \
	"0x%llx laps=%llu attempt=%llu budget=%llu pages=%u gfns=%s roles=%s in" \
	"sn=%s event=%s\", REC->pid, REC->fd, REC->nth, REC->vcpu, __print_symbo" \
	"lic(REC->class, { 0, \"instruction\" }, { 1, \"event-delivery\" }, { 2, \"c" \
	"ontention\" }), REC->vector, REC->rip, REC->cr3, REC->laps, REC->attempt, " \
	"REC->budget, REC->npages, __print_array(__get_dynamic_array(gfns), " \
	"REC->npages, 8), __print_hex(__get_dynamic_array(roles), REC->npages)," \
	" __print_hex(__get_dynamic_array(insn), __get_dynamic_array_len(insn))" \
	", __print_symbolic(REC->event, { 0, \"none\" }, { 1, \"exception\" }, { 2," \
	" \"interrupt\" }, { 3, \"int\" }, { 4, \"nmi\" })\n"

#define FORMAT_BUDGET \
	"name: nptb_budget\n" \
	"ID: 105\n" \
	"format:\n" \
	COMMON_FIELDS \
	"\n" \
	VM_FIELDS \
	"\tfield:u64 old;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:u64 new;\toffset:32;\tsize:8;\tsigned:0;\n" \
	"\n" \
	"print fmt: \"vm=%d-%d nth=%u old=%llu new=%llu\", REC->pid, REC->fd, REC" \
	"->nth, REC->old, REC->new\n"

#endif /* NPTB_TESTS_FORMATS_H */
