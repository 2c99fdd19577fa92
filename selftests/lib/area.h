/* SPDX-License-Identifier: GPL-2.0-only */
/* Areas of XSAVE, with any state of x87, XMM and YMM in them: for generated cases. */
#ifndef NPTB_ST_AREA_H
#define NPTB_ST_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* XSAVE's area: AMD64 APM volume 2, section 11.5. */
#define AREA		832
#define AREA_STATUS	2
#define AREA_TAGS	4
#define AREA_OPCODE	6
#define AREA_MXCSR	24
#define AREA_MXCSR_MASK	28
#define AREA_ST		32
#define AREA_XMM	160
#define AREA_UNUSED	416
#define AREA_BV		512
#define AREA_COMP	520
#define AREA_YMM	576

/* Of the status word. */
#define FSW_EXCEPTIONS	0x3f
#define FSW_SF		0x40
#define FSW_ES		0x80
#define FSW_BUSY	0x8000

uint16_t area_half(const uint8_t *area, size_t at);
/* 16 bytes: numbers of all sizes, integers, decimals, bits. */
void area_fill_operand(uint8_t *to);
/*
 * @waiting: an exception may be unmasked and wait. @noted: what the x87 has noted of its last
 * instruction is set as well.
 */
void area_fill(uint8_t *area, bool waiting, bool noted);
/* Now and then, something that is wrong with a header. */
void area_spoil(uint8_t *area);

#endif
