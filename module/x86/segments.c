// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments, as KVM's emulator asks for them, kept for a burst. Outside of 64-bit mode it
 * asks for two of them at each access to memory, and has them put together out of the
 * VMCB's each time: a sixth of what an instruction cost there. All that emulated
 * instructions change of them goes by set_segment(); what else may change them forgets
 * the burst.
 */
#include "emulator.h"
#include "x86/segments.h"
#include "x86/symbols.h"

/**
 * nptb_segments_forget() - they may be others now
 * @burst: begun
 */
void nptb_segments_forget(struct nptb_burst *burst)
{
	burst->segments.known = 0;
	burst->segments.based = 0;
	burst->segments.flat = NPTB_FLAT_UNKNOWN;
}

static bool is_kept(int nr)
{
	return nr >= 0 && nr < NPTB_BURST_SEGMENTS;
}

static bool get_segment(struct nptb_emul_ctxt *ctxt, u16 *selector, struct desc_struct *desc,
			u32 *base3, int nr)
{
	struct nptb_burst_segments *kept = &nptb_burst_of(ctxt)->segments;
	struct nptb_burst_segment *seg = &kept->seg[is_kept(nr) ? nr : 0];

	if (unlikely(!is_kept(nr)))
		return static_call(nptb_sc_emul_get_segment)(ctxt, selector, desc, base3, nr);
	if (unlikely(!(kept->known & BIT(nr)))) {
		seg->usable = static_call(nptb_sc_emul_get_segment)(ctxt, &seg->selector,
								    &seg->desc, &seg->base3, nr);
		kept->known |= BIT(nr);
	}
	*selector = seg->selector;
	*desc = seg->desc;
	if (base3)
		*base3 = seg->base3;
	return seg->usable;
}

static unsigned long get_base(struct nptb_emul_ctxt *ctxt, int nr)
{
	struct nptb_burst_segments *kept = &nptb_burst_of(ctxt)->segments;

	if (unlikely(!is_kept(nr)))
		return static_call(nptb_sc_emul_get_base)(ctxt, nr);
	if (unlikely(!(kept->based & BIT(nr)))) {
		kept->base[nr] = static_call(nptb_sc_emul_get_base)(ctxt, nr);
		kept->based |= BIT(nr);
	}
	return kept->base[nr];
}

/* The privilege level comes with SS, and the mode of the code with CS. */
static void set_segment(struct nptb_emul_ctxt *ctxt, u16 selector, struct desc_struct *desc,
			u32 base3, int nr)
{
	static_call(nptb_sc_emul_set_segment)(ctxt, selector, desc, base3, nr);
	nptb_kvm_burst_forget(nptb_burst_of(ctxt));
}

const struct nptb_replaced nptb_segments_replaced[] = {
	{ "emulator_get_segment", get_segment },
	{ "emulator_get_cached_segment_base", get_base },
	{ "emulator_set_segment", set_segment },
	{ }
};

/* Has code no base and no limit that matter? */
static bool is_flat(struct kvm_vcpu *vcpu)
{
	struct kvm_segment cs;
	int db, l;

	static_call(nptb_sc_get_cs)(vcpu, &db, &l);
	if (nptb_kvm_long_mode(vcpu) && l)
		return true;
	/* Real mode has segments of 16 bits, and so has virtual-8086 mode. */
	if (!db)
		return false;
	static_call(nptb_sc_get_segment)(vcpu, &cs, VCPU_SREG_CS);
	return !cs.base && cs.limit == 0xffffffff;
}

/**
 * nptb_segments_look() - find out whether RIP is a linear address
 * @burst: that does not know it
 */
void nptb_segments_look(struct nptb_burst *burst)
{
	burst->segments.flat = is_flat(burst->vcpu) ? NPTB_FLAT : NPTB_NOT_FLAT;
}
