/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * nptbudget - what the module and user space must agree on.
 *
 * The module speaks text through debugfs, /sys/kernel/debug/nptbudget/ (root
 * only), and binary through the tracepoints of the system "nptbudget".
 *
 *   version                 the module's version and NPTB_FORMAT, "1.0 1"
 *   policies                names that a "policy" file takes, one a line
 *   stats                   of the module as a whole, "name value": vms (VMs
 *                           known), armed (of them under budget), in_flight
 *                           (calls of KVM that are in our hands right now)
 *   overview                all VMs, a line each, for those who look often: see
 *                           below
 *   run                     registration of a process tree, see below
 *   defaults/budget         what a VM created from now on starts with
 *   defaults/policy
 *   defaults/on_loop
 *   defaults/seed
 *   defaults/flush_aged
 *   defaults/lend_max
 *   defaults/burst
 *   defaults/backing
 *   defaults/batch
 *   defaults/bindings       the same for VMs of one program or cgroup, see below
 *   vms/<pid>-<fd>/budget   "off", or pages: 1 to NPTB_BUDGET_MAX
 *   vms/<pid>-<fd>/policy   a name from "policies"
 *   vms/<pid>-<fd>/on_loop  a name from NPTB_ON_LOOP_NAMES
 *   vms/<pid>-<fd>/seed     0 to 18446744073709551615: what a policy that rolls
 *                           dice (random) begins with, 0 at first; the same
 *                           seed and the same faults give the same victims. A
 *                           write, and a change of policy, begins anew
 *   vms/<pid>-<fd>/flush_aged
 *                           "on" or "off" (at first): flush translations where
 *                           a policy cleared accessed bits and no eviction did
 *   vms/<pid>-<fd>/lend_max NPTB_LEND_MAX_MIN to _MAX, pages: most to lend to
 *                           all vCPUs at a time; beyond it as under "log"
 *   vms/<pid>-<fd>/burst    NPTB_BURST_MIN to _MAX: instructions to emulate in
 *                           one go while a vCPU keeps looping
 *   vms/<pid>-<fd>/backing  a name from NPTB_BACKING_NAMES, see below
 *   vms/<pid>-<fd>/batch    NPTB_BATCH_MIN (at first) to _MAX, pages: most that a
 *                           fault without room evicts at a time, see below
 *   vms/<pid>-<fd>/pin      guest frames that are never evicted, see below
 *   vms/<pid>-<fd>/exempt   guest frames that neither go nor count, see below
 *   vms/<pid>-<fd>/evict    guest frames to evict now, see below
 *   vms/<pid>-<fd>/resident resident pages by KVM's own counters, 4 KiB each
 *   vms/<pid>-<fd>/backed   pages of its memory slots that are in host memory, see
 *                           below
 *   vms/<pid>-<fd>/stats    counters of this VM, "name value", one a line
 *   vms/<pid>-<fd>/loops    fault loops seen, see below
 *   vms/<pid>-<fd>/translate  page-table walks of a vCPU that loops, see below
 *   vms/<pid>-<fd>/lends    what was lent pages and what could not be
 *                           emulated, see below
 *
 * <pid>-<fd> is KVM's own name of the VM, the name of its folder under
 * /sys/kernel/debug/kvm/: the thread that created it and the descriptor it got.
 * KVM gives a name to several VMs where a vCPU keeps a VM whose descriptor is
 * closed, and the next VM gets the same; only the first has a folder there. Here
 * the second is <pid>-<fd>.2, the third <pid>-<fd>.3, and a number is given again
 * when its VM has ended. A VM without a folder of KVM's is known from its first
 * vCPU on; where it then cannot be told which descriptor it got, <fd> is 0. Names
 * in vms/ that begin with a dot are left of VMs that have ended.
 *
 * A knob holds one value. A write that is not understood changes nothing and
 * fails with EINVAL; a number out of range fails with ERANGE; a VM that has
 * ended answers ENODEV, or EIO once its folder is gone; a VM whose memory
 * cannot be budgeted, EOPNOTSUPP (the kernel log has the reason); a fault hook
 * held by somebody else, EBUSY. While a write to "budget" runs, the larger of
 * the old and the new value holds; when it returns, the new one. The write
 * waits for vCPUs that are inside a fault and gives up with EINTR, the old
 * budget in force, when a signal comes.
 *
 * "pin" and "exempt" are lists of guest frames (guest-physical address >> 12, of
 * the address space 0, not SMM's) that are never evicted. Pinned ones count
 * against the budget, exempt ones do not: KVM's counters less the exempt leaves
 * never exceed it. Reading gives a range a line, "0x200-0x2ff", in order, at most
 * NPTB_RANGES_MAX of them. A write holds words with blanks or newlines between:
 *
 *   RANGE   adds it: FIRST-LAST, both included, or one frame; decimal, or hex
 *           behind 0x; 0 to NPTB_GFN_MAX
 *   !RANGE  takes it away, from within a larger one, too
 *   none    takes all away
 *
 * and does all of that or nothing: EINVAL for what is none of these, for an empty
 * write, and for a frame that the other list has; ERANGE for a frame out of range;
 * ENOENT for taking away what is not there; ENOSPC for too many ranges, and for
 * pins that leave less room than one fault needs (1 page), which a smaller
 * "budget" and the policy last-only get as well;
 * EOPNOTSUPP for "exempt" under another MMU of KVM's than its TDP MMU; EINTR. When
 * a write returns, it is in force. While KVM tears page tables down, after a memory
 * slot went, exempt leaves count, too: never are there too many.
 *
 * "evict" is written to alone: words as above without "none", of NPTB_EVICT_MAX frames
 * at most in sum. Those of them that are resident and neither pinned nor exempt are
 * evicted, once, as by a smaller budget (event nptb_evict, reason "budget"); a fault
 * under way may map one again before the write returns. E2BIG for too many frames,
 * EPERM for a VM without a budget, of whose frames nothing is known.
 *
 * "backing" says what becomes of a page that is evicted: under "resident" it stays in
 * host memory, under "reclaim" the host gives it up, too: it is written to swap or to
 * its file. What the host itself touches of the VM's memory stays for a moment,
 * NPTB_TOUCHED_MAX pages at most, beside one for each vCPU that comes in. A write of
 * "reclaim" fails with ENXIO where there is no swap space, with EOPNOTSUPP where memory
 * of the VM is locked or of hugetlbfs, with EBUSY where ftrace is off. It is in force
 * while the VM is under budget; transparent huge pages are off for the VMM's process
 * meanwhile. docs/BACKING.md says what is counted and not given up.
 *
 * "batch" B has a fault that finds no room evict B pages with one flush, and not one: the
 * next B-1 find room. The VM then has from budget-B+1 to budget pages, in place of budget
 * all the time, and never more. What B comes to is never more than half of the limit in
 * force (so 1 under a budget of 1 to 3), nor more than the pages that no instruction under
 * way needs: those stay, so that no fault loop comes of a batch. A policy may stop after 64
 * accessed bits that it has looked at. Under last-only it is 1, and so it is for pages that
 * a smaller budget evicts.
 *
 * "backed" counts, in pages of 4 KiB, what of the VM's memory slots the VMM's page
 * tables map at that moment, each page of host memory once for each address it has
 * there; the shared page of zeros is not counted. A read looks at all of them.
 *
 * "stats" of a VM, all since the VM began, all integers, units as said:
 *
 *   faults       nested page faults seen under a budget; the sum of the next 10
 *   mapped spurious retry deferred emulated mmio error passed stopped stepped
 *                how they ended, see enum nptb_verdict
 *   evictions    leaves zapped to make room
 *   stale        victims that KVM had already taken away; nothing was zapped
 *   flushes      times that all leaves were zapped at once
 *   loops        attempts that became a fault loop; under "emulate" and "strict",
 *                and where these lend or stop, also those that were certain to
 *   laps         rounds of all fault loops
 *   contention   faults on pages of the vCPU's attempt that the faults of other
 *                vCPUs had taken from it: no loop of its own
 *   dropped      loop records that gave way to newer ones
 *   instructions instructions emulated under "emulate" and "strict"
 *   irets        of these, returns from interrupts that the module carried out
 *   refused      instructions and deliveries that neither KVM's emulator nor the
 *                module could carry out
 *   lent         pages lent, in sum
 *   lent_peak    pages lent, at most at a time
 *   lent_us      time for which pages were lent, microseconds, over all vCPUs
 *   resident     resident pages now, by KVM's counters (0 for an ended VM)
 *   peak         most resident pages seen after a fault, since the write that put
 *                the VM under its budget was done; exempt ones are among them
 *   pinned exempt  pages of pinned and of exempt frames that are mapped now, as
 *                far as the module knows
 *   set          resident pages that the module knows by their frames and can
 *                evict singly, compared with KVM's tables by this read (the
 *                same as resident while no vCPU runs; 0 without a budget)
 *   reclaimed    pages that "backing" had the host give up
 *   unreclaimed  times that the host kept one: it is locked, pinned for a device,
 *                shared with another process, or there is no room in swap
 *   kept         pages without a leaf that it has kept, when all were last looked at
 *   revoked      leaves reserved for a vCPU that did not map them for more than a
 *                tick (it waits inside KVM, say), and given to others
 *   carried      of "instructions", those that the module carried out, irets and all
 *   deliveries   events delivered by the module
 *   memory       bytes of host memory that the module has for this VM: a fixed part,
 *                and 20 to 24 for each page in the set, 4 more under "wsclock". It is
 *                given back when the VM ends
 *
 * "overview": a line of name=value fields for each VM, oldest first, all of one
 * moment in which no VM began or ended. It costs a few microseconds a VM, as no set
 * is compared with KVM's tables:
 *
 *   vm name=<pid>-<fd> vcpus=1 budget=64 policy=fifo on_loop=log resident=64 \
 *     peak=64 faults=900 evictions=836 loops=0 laps=0 contention=0 deferred=0 \
 *     lent=0 instructions=0 refused=0
 *
 * vcpus    vCPUs that there are now
 * budget.. as the VM's knobs have it
 * resident pages, by KVM's counters
 * others   as in "stats"
 *
 * "run": a process opens it, writes one line
 *
 *   pid=<pid> budget=<pages|off> policy=<name> on_loop=<name> \
 *     [seed=<number>] [flush_aged=on|off] [lend_max=<pages>] \
 *     [burst=<instructions>] [backing=<name>] [batch=<pages>] [pin=RANGE]... \
 *     [exempt=RANGE]...
 *
 * and keeps it open (ESRCH: no such process; EBUSY: this descriptor has
 * registered one already; and what these values get in a VM's own files). Every
 * VM that <pid> or a descendant of it creates meanwhile starts with these values.
 * Reading from offset 0 gives a line "started N", the number of such VMs, and for
 * each of the last 64, ended or not, a line
 *
 *   vm <pid>-<fd> alive|ended [refused=<errno>]
 *
 * (refused: it could not be held to the budget, and began without one, or lost
 * it at its first fault; the number is what a write of that budget would have
 * returned)
 * followed by the lines of its "stats", "loops" and "lends". Closing the descriptor ends
 * the registration; the VMs keep their budgets.
 *
 * "defaults/bindings": what VMs of a program, or of a cgroup, start with instead of
 * the defaults; so that those of a service that starts VMMs, libvirt say, are under
 * budget from their first fault. A binding a line, in the order of the last writes:
 *
 *   budget=1024 policy=clock on_loop=log seed=0 flush_aged=off lend_max=64 \
 *     burst=130 backing=resident batch=1 comm=qemu-system-x86
 *   budget=64 policy=fifo on_loop=lend seed=0 flush_aged=off lend_max=64 \
 *     burst=130 backing=resident batch=1 cgroup=/machine.slice
 *
 * comm     name of the process that creates the VM, as in /proc/PID/comm
 * cgroup   its cgroup, or one above that: path in the hierarchy of version 2, as in
 *          /proc/PID/cgroup
 *
 * comm= or cgroup= comes last, and goes to the end of the line. A write holds one
 * line: such a one with those knobs only that are meant, the others being as they are
 * bound already, or as the defaults are now; or "!comm=NAME", "!cgroup=PATH", which
 * takes a binding away; or "none", which takes all. A name of more than 15 characters
 * is cut, as the kernel cuts it. Which one holds is settled when a VM is created, or,
 * where KVM has no folder for it, with its first vCPU: a "run" it belongs to, then the
 * deepest cgroup, then the program, then the defaults. VMs that are there keep what
 * they have. Errors: EINVAL, ERANGE; ENOENT for taking away what is not there; ENOSPC
 * for more than NPTB_BINDINGS_MAX.
 *
 * "loops": for every record one line of name=value fields that begins with
 * "loop", then one line per page that begins with "page":
 *
 *   loop class=instruction vcpu=0 vector=-1 event=none rip=0x7c00 cr3=0x0 cr0=0x10 \
 *     cr4=0x0 efer=0x0 rflags=0x2 laps=41 times=1 budget=1 pages=2 \
 *     truncated=0 insn=0130 resolved=no needs=2 exact=0 lent=0 steps=0 reason=none
 *   page gfn=0x7 as=0 roles=fetch faults=42
 *   page gfn=0x8 as=0 roles=write faults=42
 *
 * class    one of NPTB_LOOP_CLASS_NAMES
 * vcpu     index of the vCPU, as KVM numbers them
 * vector   the vector being delivered when class=event-delivery; -1 otherwise
 * event    what kind of event that is, from NPTB_EVENT_NAMES: vector 8 is a
 *          double fault as an exception, and any device's as an interrupt (in a
 *          BIOS, the timer's)
 * rip      guest RIP when it looped (offset in the code segment)
 * cr3..    guest registers at the last lap
 * laps     rounds in all, over all times
 * times    how often this place began to loop anew
 * budget   the limit in force at the last lap, pages
 * pages    distinct pages in the loop set
 * truncated  1 where the loop set was larger than NPTB_LOOP_PAGES_MAX
 * resolved how the last attempt here that ended did: NPTB_RESOLVED_NAMES
 * needs    distinct pages that it was seen to need at once; at least, but
 * exact    1 where one ran to its end on lent pages: no more and no less
 * lent     pages lent to one attempt here, at most
 * steps    instructions emulated here, and in one go from here
 * reason   under "emulate" and "strict": why it was lent pages or stopped the last
 *          time that it was, one of NPTB_REASON_NAMES
 * insn     bytes at rip as hex, up to NPTB_INSN_MAX, "-" where unreadable
 * gfn      guest frame number (guest-physical address >> 12)
 * as       KVM's address space: 0 normal, 1 SMM
 * roles    comma-separated names from NPTB_ROLE_NAMES
 * faults   nested page faults taken on this page in the loop
 *
 * Where the vCPU's segments are known, the "loop" line goes on with
 *
 *   cpl=0 gpr=0x0,0x0,...  es=0x0:0x0:0xffff:0x93 ... gdtr=0x0:0x0:0xffff:0x0
 *
 * cpl      privilege level, 0 to 3
 * gpr      the 16 general registers, numbered as in ModRM
 * es cs ss ds fs gs ldtr tr idtr gdtr (NPTB_SEGMENT_NAMES)
 *          selector:base:limit:attributes; the attributes as in AMD64 APM volume
 *          2, section 15.5.1: type 3:0, S 4, DPL 6:5, P 7, AVL 8, L 9, D/B 10,
 *          G 11; both 0 for the descriptor tables; the limit in bytes
 *
 * and each "page" line, where the tables could be read, with
 *
 *   level=2 for=code,stack
 *
 * level    of the guest's page table that the page is, counted from 1, the table
 *          whose entries map 4 KiB pages; 0 where it is none, or unknown
 * for      what leads to this page, from NPTB_FOR_NAMES, or "-" where none of the
 *          linear addresses at hand does: the instruction at RIP, the stack, for
 *          a delivery the IDT, GDT or LDT, the TSS and the new stack, or what a
 *          general register points to; or that the page is one of KVM's own
 *          ("kvm-tss", "kvm-apic", "kvm-identity": Intel alone). A page is looked at
 *          until it is accounted for, so there may be more that lead to it.
 *
 * These are of the first, second, fourth, eighth time and so on that the place
 * looped; pages that were not in it then have neither, and so has a loop that was
 * certain before its first lap.
 *
 * "translate": write one line, on a descriptor opened for reading and writing,
 *
 *   vcpu=0 addr=0x7c00 addr=0xffff888000001000
 *
 * with 1 to NPTB_TRANSLATE_MAX linear addresses, and rip= and cr3= to ask about a
 * loop there alone; then read the answer, once, on the same descriptor: a line for
 * each address
 *
 *   walk addr=0x7c00 end=mapped gpa=0x7c00 level=1 tables=0x80,0x81,0x82,0x83
 *
 * end      a name from NPTB_WALK_END_NAMES
 * gpa      guest-physical address where the end is "mapped", otherwise 0x0
 * level    of the table whose entry ended the walk; 0 without paging
 * tables   frames of the guest's tables from the first level down to that one,
 *          or "-" where there are none
 *
 * The guest's tables are read as they are in host memory at that moment, nothing
 * is waited for and no vCPU is disturbed, with CR0, CR3, CR4 and EFER of the
 * loop. The write fails with EINVAL where it is not understood, E2BIG for too
 * many addresses, EAGAIN where that vCPU is not in that loop, or went on
 * meanwhile, EINTR by a signal.
 *
 * "lends": a line per opcode or vector, NPTB_LENDS_MAX of them at most, all
 * others in one more:
 *
 *   lends opcode=48cf refused=20093 lends=20093 pages=180000 peak=12
 *   lends vector=14 refused=0 lends=42 pages=200 peak=9
 *   lends other=1 refused=0 lends=3 pages=9 peak=3
 *
 * opcode   bytes that tell the instruction from others: operand-size or
 *          mandatory prefix, REX, opcode; VEX and EVEX: first byte, opcode map,
 *          opcode; of a group of opcodes the ModRM reg field follows as a byte;
 *          "-" where the instruction could not be read
 * vector   of the event whose delivery was lent pages
 * refused  times that it could not be emulated
 * lends    attempts at it that were lent pages
 * pages    lent to all of these, in sum
 * peak     lent to one of these, at most
 *
 * Formats only grow: readers skip fields they do not know.
 */
#ifndef _UAPI_NPTBUDGET_H
#define _UAPI_NPTBUDGET_H

#define NPTB_VERSION		"0.1"
/* Of the text formats and the tracepoints; raised when a field is added. */
#define NPTB_FORMAT		1

#define NPTB_DEBUGFS_DIR	"nptbudget"

/* Budgets, in resident pages: present 4 KiB leaves of the VM's tables. */
#define NPTB_BUDGET_MIN		1ULL
#define NPTB_BUDGET_MAX		0xffffffffULL

#define NPTB_POLICY_NAME_MAX	16
/* Lines that "defaults/bindings" holds. */
#define NPTB_BINDINGS_MAX	64
/*
 * Ranges that a "pin" or "exempt" file holds, frames that a write to "evict" is
 * about, and the largest guest frame.
 */
#define NPTB_RANGES_MAX		32
#define NPTB_EVICT_MAX		(1ULL << 20)
#define NPTB_GFN_MAX		((1ULL << 40) - 1)
/* Pages of one attempt that are told apart, and records kept for one VM. */
#define NPTB_LOOP_PAGES_MAX	64
#define NPTB_LOOP_RECORDS_MAX	64
/* Longest x86 instruction: AMD64 APM volume 3, section 1.1. */
#define NPTB_INSN_MAX		15

/**
 * enum nptb_on_loop - what happens when a vCPU is in a fault loop
 * @NPTB_ON_LOOP_LOG: keep to the budget, report, let it spin
 * @NPTB_ON_LOOP_STOP: report, and leave KVM_RUN: see NPTB_SUBERROR_LOOP
 * @NPTB_ON_LOOP_LEND: lend pages over the budget, one at a time, until the vCPU
 *	shows progress; then they are taken back
 * @NPTB_ON_LOOP_EMULATE: have KVM emulate the instruction in place of mapping
 *	its pages; what it cannot emulate is lent pages
 * @NPTB_ON_LOOP_STRICT: as emulate, but nothing is ever lent: what cannot be emulated
 *	stops the vCPU as under stop, with a reason (enum nptb_reason)
 * @NPTB_ON_LOOP_NR: number of modes
 */
enum nptb_on_loop {
	NPTB_ON_LOOP_LOG = 0,
	NPTB_ON_LOOP_STOP,
	NPTB_ON_LOOP_LEND,
	NPTB_ON_LOOP_EMULATE,
	NPTB_ON_LOOP_STRICT,
	NPTB_ON_LOOP_NR,
};

#define NPTB_ON_LOOP_NAMES	{ "log", "stop", "lend", "emulate", "strict" }

/**
 * enum nptb_reason - why an instruction or a delivery was not emulated
 * @NPTB_REASON_NONE: nothing was refused
 * @NPTB_REASON_INSTRUCTION: neither KVM's emulator nor the module knows it
 * @NPTB_REASON_FORM: the module carries it out, but not in this form: a task switch,
 *	virtual-8086 mode, shadow stacks
 * @NPTB_REASON_MEMORY: the host does not let KVM have memory that it needs
 * @NPTB_REASON_NESTED: the vCPU runs a guest of its own
 * @NPTB_REASON_SMM: it is in system management mode
 * @NPTB_REASON_DEBUGGED: user space debugs the vCPU
 * @NPTB_REASON_BREAKPOINT: the guest has a breakpoint on data or a port
 * @NPTB_REASON_SINGLE_STEP: the guest runs in single steps
 * @NPTB_REASON_NMI: it would end the handling of an NMI
 * @NPTB_REASON_PRIVATE: the guest's state is encrypted
 * @NPTB_REASON_NR: number of reasons
 */
enum nptb_reason {
	NPTB_REASON_NONE = 0,
	NPTB_REASON_INSTRUCTION,
	NPTB_REASON_FORM,
	NPTB_REASON_MEMORY,
	NPTB_REASON_NESTED,
	NPTB_REASON_SMM,
	NPTB_REASON_DEBUGGED,
	NPTB_REASON_BREAKPOINT,
	NPTB_REASON_SINGLE_STEP,
	NPTB_REASON_NMI,
	NPTB_REASON_PRIVATE,
	NPTB_REASON_NR,
};

#define NPTB_REASON_NAMES \
	{ "none", "instruction", "form", "memory", "nested", "smm", "debugged", \
	  "breakpoint", "single-step", "nmi", "private" }

/**
 * enum nptb_backing_mode - what becomes of a page that is evicted: "backing"
 * @NPTB_BACKING_RESIDENT: it stays in host memory
 * @NPTB_BACKING_RECLAIM: the host gives it up, to swap or to its file
 * @NPTB_BACKING_NR: number of modes
 */
enum nptb_backing_mode {
	NPTB_BACKING_RESIDENT = 0,
	NPTB_BACKING_RECLAIM,
	NPTB_BACKING_NR,
};

#define NPTB_BACKING_NAMES	{ "resident", "reclaim" }

/*
 * Pages that the host itself has touched, under "reclaim": so many stay for a moment,
 * and with those of the one operation in hand, of KVM's emulator or the VMM, there are
 * _MAX at most.
 */
#define NPTB_TOUCHED_KEEP	16u
#define NPTB_TOUCHED_MAX	48u

/* Pages lent to the vCPUs of a VM at a time, at most: "lend_max". */
#define NPTB_LEND_MAX_MIN	0u
#define NPTB_LEND_MAX_MAX	4096u
#define NPTB_LEND_MAX_DEFAULT	64u

/*
 * Instructions emulated in one go while a vCPU keeps looping: "burst". The most
 * is what KVM's own handle_invalid_guest_state() allows itself.
 */
#define NPTB_BURST_MIN		1u
#define NPTB_BURST_MAX		130u

/* Pages that a fault evicts at a time, at most: "batch". */
#define NPTB_BATCH_MIN		1u
#define NPTB_BATCH_MAX		32u

/*
 * Under "stop" KVM_RUN returns 0 at the lap that confirms a loop, and under "strict"
 * where an attempt has all there is and cannot be emulated, with exit_reason
 * KVM_EXIT_INTERNAL_ERROR, internal.suberror NPTB_SUBERROR_LOOP ("nptb") and
 * internal.ndata NPTB_STOP_NDATA. Nothing was mapped. Another KVM_RUN tries again: a
 * VMM may raise the budget and go on.
 */
#define NPTB_SUBERROR_LOOP	0x6e707462u

/**
 * enum nptb_stop_data - what internal.data[] holds then
 * @NPTB_STOP_RIP: guest RIP (offset in the code segment)
 * @NPTB_STOP_CR3: guest CR3
 * @NPTB_STOP_LAPS: rounds of this loop so far, at least 1; under "strict" 0
 * @NPTB_STOP_HAD: the limit that it had, pages
 * @NPTB_STOP_NEEDS: distinct pages that it was seen to need, at least
 * @NPTB_STOP_REASON: enum nptb_reason, NPTB_REASON_NONE under "stop"
 * @NPTB_STOP_VECTOR: of the event being delivered, or ~0
 * @NPTB_STOP_INSN_LEN: bytes known of the instruction at RIP
 * @NPTB_STOP_INSN: the first 8 of them, as they lie in memory
 * @NPTB_STOP_INSN_MORE: the others
 * @NPTB_STOP_NDATA: number of entries
 */
enum nptb_stop_data {
	NPTB_STOP_RIP = 0,
	NPTB_STOP_CR3,
	NPTB_STOP_LAPS,
	NPTB_STOP_HAD,
	NPTB_STOP_NEEDS,
	NPTB_STOP_REASON,
	NPTB_STOP_VECTOR,
	NPTB_STOP_INSN_LEN,
	NPTB_STOP_INSN,
	NPTB_STOP_INSN_MORE,
	NPTB_STOP_NDATA,
};

/**
 * enum nptb_verdict - how one nested page fault ended
 * @NPTB_VERDICT_MAPPED: KVM installed or repaired a leaf
 * @NPTB_VERDICT_SPURIOUS: the leaf was there already
 * @NPTB_VERDICT_RETRY: KVM gave up on a race; the fault comes again
 * @NPTB_VERDICT_DEFERRED: no room now, another vCPU holds it; comes again
 * @NPTB_VERDICT_EMULATED: KVM emulated the instruction
 * @NPTB_VERDICT_MMIO: no memory behind the address; costs no budget
 * @NPTB_VERDICT_ERROR: KVM_RUN returned an error: KVM's, or ENOMEM where there was
 *	no memory for the module's books of the vCPU
 * @NPTB_VERDICT_PASSED: handed to KVM unbudgeted: of a VM that turns out to be
 *	private, and is about to lose its budget
 * @NPTB_VERDICT_STOPPED: a fault loop; KVM_RUN returned, see NPTB_ON_LOOP_STOP and
 *	NPTB_ON_LOOP_STRICT
 * @NPTB_VERDICT_STEPPED: short of pages; the instruction or delivery was emulated
 * @NPTB_VERDICT_NR: number of verdicts
 */
enum nptb_verdict {
	NPTB_VERDICT_MAPPED = 0,
	NPTB_VERDICT_SPURIOUS,
	NPTB_VERDICT_RETRY,
	NPTB_VERDICT_DEFERRED,
	NPTB_VERDICT_EMULATED,
	NPTB_VERDICT_MMIO,
	NPTB_VERDICT_ERROR,
	NPTB_VERDICT_PASSED,
	NPTB_VERDICT_STOPPED,
	NPTB_VERDICT_STEPPED,
	NPTB_VERDICT_NR,
};

#define NPTB_VERDICT_NAMES \
	{ "mapped", "spurious", "retry", "deferred", "emulated", "mmio", \
	  "error", "passed", "stopped", "stepped" }

/**
 * enum nptb_evict_reason - why a leaf was evicted
 * @NPTB_EVICT_FAULT: a fault needed its room
 * @NPTB_EVICT_BUDGET: a write to the budget shrank it
 * @NPTB_EVICT_FLUSH: all leaves went at once (attach, off, no known victim)
 */
enum nptb_evict_reason {
	NPTB_EVICT_FAULT = 0,
	NPTB_EVICT_BUDGET,
	NPTB_EVICT_FLUSH,
};

/* Field "victim" of the event nptb_fault: it tells of no eviction. */
#define NPTB_NO_VICTIM		(~0ULL)

/**
 * enum nptb_detach_reason - why a VM left its budget
 * @NPTB_DETACH_OFF: "off" was written
 * @NPTB_DETACH_END: the VM ended
 * @NPTB_DETACH_UNLOAD: the module was unloaded
 * @NPTB_DETACH_REFUSED: a fault showed that the guest is private (SEV)
 */
enum nptb_detach_reason {
	NPTB_DETACH_OFF = 0,
	NPTB_DETACH_END,
	NPTB_DETACH_UNLOAD,
	NPTB_DETACH_REFUSED,
};

/*
 * Roles of a page in a loop set, a bit each, from the NPF error code (AMD64
 * APM volume 2, section 15.25.6): the guest's own page-table walk first, then
 * I/D, then W.
 */
#define NPTB_ROLE_FETCH		(1u << 0)
#define NPTB_ROLE_READ		(1u << 1)
#define NPTB_ROLE_WRITE		(1u << 2)
#define NPTB_ROLE_TABLE		(1u << 3)
#define NPTB_ROLE_NR		4

#define NPTB_ROLE_NAMES		{ "fetch", "read", "write", "table" }

/*
 * What leads to a page of a loop set, a bit each: the instruction, the stack, a
 * descriptor table, or a general register's value, numbered as in ModRM, taken
 * for an address; or that it is one of the pages that KVM has in a guest on Intel's
 * CPUs: the TSS of a guest in real mode that runs as virtual-8086, the local APIC's page,
 * and the page table of one without paging, on a CPU without "unrestricted guest".
 */
#define NPTB_FOR_CODE		(1u << 0)
#define NPTB_FOR_STACK		(1u << 1)
#define NPTB_FOR_IDT		(1u << 2)
#define NPTB_FOR_GDT		(1u << 3)
#define NPTB_FOR_LDT		(1u << 4)
#define NPTB_FOR_TSS		(1u << 5)
#define NPTB_FOR_REG(nr)	(1u << (6 + (nr)))
#define NPTB_FOR_KVM_TSS	(1u << 22)
#define NPTB_FOR_KVM_APIC	(1u << 23)
#define NPTB_FOR_KVM_IDENTITY	(1u << 24)
#define NPTB_FOR_NR		25

#define NPTB_FOR_NAMES \
	{ "code", "stack", "idt", "gdt", "ldt", "tss", "rax", "rcx", "rdx", \
	  "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", \
	  "r13", "r14", "r15", "kvm-tss", "kvm-apic", "kvm-identity" }

#define NPTB_SEGMENT_NAMES \
	{ "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr", "idtr", "gdtr" }

/* Addresses that one write to "translate" may ask for. */
#define NPTB_TRANSLATE_MAX	32

/**
 * enum nptb_walk_end - how a walk of the guest's page tables ended
 * @NPTB_WALK_MAPPED: at a page
 * @NPTB_WALK_ABSENT: at an entry that is not present
 * @NPTB_WALK_UNREADABLE: at a table that is not in host memory now
 * @NPTB_WALK_NONCANONICAL: the address is none
 * @NPTB_WALK_END_NR: number of ends
 */
enum nptb_walk_end {
	NPTB_WALK_MAPPED = 0,
	NPTB_WALK_ABSENT,
	NPTB_WALK_UNREADABLE,
	NPTB_WALK_NONCANONICAL,
	NPTB_WALK_END_NR,
};

#define NPTB_WALK_END_NAMES \
	{ "mapped", "absent", "unreadable", "noncanonical" }

/**
 * enum nptb_loop_class - what cannot complete
 * @NPTB_LOOP_INSTRUCTION: an instruction
 * @NPTB_LOOP_EVENT: the delivery of an exception, interrupt or NMI
 * @NPTB_LOOP_CONTENTION: no loop: vCPUs take pages from each other
 * @NPTB_LOOP_CLASS_NR: number of classes
 */
enum nptb_loop_class {
	NPTB_LOOP_INSTRUCTION = 0,
	NPTB_LOOP_EVENT,
	NPTB_LOOP_CONTENTION,
	NPTB_LOOP_CLASS_NR,
};

#define NPTB_LOOP_CLASS_NAMES \
	{ "instruction", "event-delivery", "contention" }

/**
 * enum nptb_event - what is being delivered
 * @NPTB_EVENT_NONE: nothing
 * @NPTB_EVENT_EXCEPTION: an exception; INT3 and INTO count as such
 * @NPTB_EVENT_INTERRUPT: an external interrupt
 * @NPTB_EVENT_SOFT: the interrupt of an INT instruction
 * @NPTB_EVENT_NMI: a non-maskable interrupt
 * @NPTB_EVENT_NR: number of kinds
 */
enum nptb_event {
	NPTB_EVENT_NONE = 0,
	NPTB_EVENT_EXCEPTION,
	NPTB_EVENT_INTERRUPT,
	NPTB_EVENT_SOFT,
	NPTB_EVENT_NMI,
	NPTB_EVENT_NR,
};

#define NPTB_EVENT_NAMES \
	{ "none", "exception", "interrupt", "int", "nmi" }

/**
 * enum nptb_resolved - how an attempt that looped came to its end
 * @NPTB_RESOLVED_NOT: it has not, as far as is known
 * @NPTB_RESOLVED_ITSELF: it did, with a larger budget for example
 * @NPTB_RESOLVED_LENT: on pages lent to it
 * @NPTB_RESOLVED_EMULATED: the instruction was emulated
 * @NPTB_RESOLVED_STOPPED: the vCPU was stopped
 * @NPTB_RESOLVED_NR: number of ways
 */
enum nptb_resolved {
	NPTB_RESOLVED_NOT = 0,
	NPTB_RESOLVED_ITSELF,
	NPTB_RESOLVED_LENT,
	NPTB_RESOLVED_EMULATED,
	NPTB_RESOLVED_STOPPED,
	NPTB_RESOLVED_NR,
};

#define NPTB_RESOLVED_NAMES \
	{ "no", "itself", "lent", "emulated", "stopped" }

/* Kinds of what was lent pages that are told apart in one VM. */
#define NPTB_LENDS_MAX		64

#endif /* _UAPI_NPTBUDGET_H */
