// SPDX-License-Identifier: GPL-2.0-only
/* Moves and shuffles of vectors, against the CPU that this runs on. */
#include <immintrin.h>

#include "unit.h"
#include "x86/soft/shuffle.h"

/* Immediates: the compiler has to know them. */
#define IMMEDIATES(X, ...)							\
	X(0x00, __VA_ARGS__) X(0x01, __VA_ARGS__) X(0x05, __VA_ARGS__)		\
	X(0x0f, __VA_ARGS__) X(0x10, __VA_ARGS__) X(0x1b, __VA_ARGS__)		\
	X(0x1f, __VA_ARGS__) X(0x20, __VA_ARGS__) X(0x39, __VA_ARGS__)		\
	X(0x4e, __VA_ARGS__) X(0x72, __VA_ARGS__) X(0x93, __VA_ARGS__)		\
	X(0xb1, __VA_ARGS__) X(0xd8, __VA_ARGS__) X(0xe4, __VA_ARGS__)		\
	X(0xff, __VA_ARGS__)

static struct nptb_vector vector;

static void prepare(u8 bytes, u8 imm)
{
	u32 i;

	vector = (struct nptb_vector){ .bytes = bytes, .imm = imm };
	for (i = 0; i < NPTB_VECTOR_BYTES; i++) {
		vector.reg[i] = 0x11 * i + 3;
		vector.rm[i] = 0xf1 - 7 * i;
		vector.xmm0[i] = i * 29;
	}
	vector.gpr = 0x8877665544332211ULL;
}

static __m128i load(const u8 *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

static void check(__m128i want)
{
	u8 bytes[NPTB_VECTOR_BYTES];

	_mm_storeu_si128((__m128i *)bytes, want);
	assert_memory_equal(vector.reg, bytes, sizeof(bytes));
}

/* CALL has the operands before as "a" and "b", and the immediate as "imm". */
#define ONE(n, how, size, call)							\
	{									\
		enum { imm = n };						\
		__m128i a, b, want;						\
										\
		prepare(size, n);						\
		a = load(vector.reg);						\
		b = load(vector.rm);						\
		want = call;							\
		(void)a;							\
		(void)b;							\
		nptb_shuffle(how, &vector);					\
		check(want);							\
	}

#define PS(x)	_mm_castsi128_ps(x)
#define PD(x)	_mm_castsi128_pd(x)

static __attribute__((target("sse4.1"))) void test_immediates(void **state)
{
	(void)state;
	if (!__builtin_cpu_supports("sse4.1"))
		skip();
	IMMEDIATES(ONE, NPTB_VECTOR_PSHUFD, 16, _mm_shuffle_epi32(b, imm))
	IMMEDIATES(ONE, NPTB_VECTOR_PSHUFLW, 16, _mm_shufflelo_epi16(b, imm))
	IMMEDIATES(ONE, NPTB_VECTOR_PSHUFHW, 16, _mm_shufflehi_epi16(b, imm))
	IMMEDIATES(ONE, NPTB_VECTOR_SHUFPS, 16,
		   _mm_castps_si128(_mm_shuffle_ps(PS(a), PS(b), imm)))
	IMMEDIATES(ONE, NPTB_VECTOR_SHUFPD, 16,
		   _mm_castpd_si128(_mm_shuffle_pd(PD(a), PD(b), imm & 3)))
	IMMEDIATES(ONE, NPTB_VECTOR_ALIGN, 16, _mm_alignr_epi8(a, b, imm))
	IMMEDIATES(ONE, NPTB_VECTOR_BLEND, 4,
		   _mm_castps_si128(_mm_blend_ps(PS(a), PS(b), imm & 15)))
	IMMEDIATES(ONE, NPTB_VECTOR_BLEND, 8,
		   _mm_castpd_si128(_mm_blend_pd(PD(a), PD(b), imm & 3)))
	IMMEDIATES(ONE, NPTB_VECTOR_BLEND, 2, _mm_blend_epi16(a, b, imm))
	IMMEDIATES(ONE, NPTB_VECTOR_INSERTPS, 4,
		   _mm_castps_si128(_mm_insert_ps(PS(a), PS(b), imm)))
	IMMEDIATES(ONE, NPTB_VECTOR_INSERT, 2, _mm_insert_epi16(a, 0x2211, imm & 7))
	IMMEDIATES(ONE, NPTB_VECTOR_INSERT, 1, _mm_insert_epi8(a, 0x11, imm & 15))
}

static void shift(u8 by, bool left, __m128i want)
{
	u8 bytes[NPTB_VECTOR_BYTES];

	prepare(8, by);
	vector.left = left;
	nptb_shuffle(NPTB_VECTOR_BYTE_SHIFT, &vector);
	_mm_storeu_si128((__m128i *)bytes, want);
	assert_memory_equal(vector.rm, bytes, sizeof(bytes));
}

#define SHIFTS(n, unused)							\
	{									\
		__m128i before;							\
										\
		prepare(8, n);							\
		before = load(vector.rm);					\
		shift(n, true, _mm_slli_si128(before, n));			\
		shift(n, false, _mm_srli_si128(before, n));			\
	}

static void test_byte_shifts(void **state)
{
	(void)state;
	IMMEDIATES(SHIFTS, 0)
}

static __attribute__((target("sse4.1"))) void test_signs(void **state)
{
	__m128i a, b, by;

	(void)state;
	if (!__builtin_cpu_supports("sse4.1"))
		skip();
	prepare(1, 0);
	a = load(vector.reg);
	b = load(vector.rm);
	by = load(vector.xmm0);
	nptb_shuffle(NPTB_VECTOR_BLEND_BY_0, &vector);
	check(_mm_blendv_epi8(a, b, by));
	prepare(4, 0);
	nptb_shuffle(NPTB_VECTOR_BLEND_BY_0, &vector);
	check(_mm_castps_si128(_mm_blendv_ps(PS(a), PS(b), PS(by))));
	prepare(8, 0);
	nptb_shuffle(NPTB_VECTOR_BLEND_BY_0, &vector);
	check(_mm_castpd_si128(_mm_blendv_pd(PD(a), PD(b), PD(by))));
	prepare(1, 0);
	nptb_shuffle(NPTB_VECTOR_MASK, &vector);
	assert_int_equal(vector.gpr, _mm_movemask_epi8(b));
	prepare(4, 0);
	nptb_shuffle(NPTB_VECTOR_MASK, &vector);
	assert_int_equal(vector.gpr, _mm_movemask_ps(PS(b)));
	prepare(8, 0);
	nptb_shuffle(NPTB_VECTOR_MASK, &vector);
	assert_int_equal(vector.gpr, _mm_movemask_pd(PD(b)));
}

static void test_moves(void **state)
{
	__m128i a, b;

	(void)state;
	prepare(4, 0);
	a = load(vector.reg);
	b = load(vector.rm);
	nptb_shuffle(NPTB_VECTOR_MERGE, &vector);
	check(_mm_castps_si128(_mm_move_ss(PS(a), PS(b))));
	prepare(8, 0);
	nptb_shuffle(NPTB_VECTOR_MERGE, &vector);
	check(_mm_castpd_si128(_mm_move_sd(PD(a), PD(b))));
	nptb_shuffle(NPTB_VECTOR_LOAD, &vector);
	check(_mm_move_epi64(b));
	prepare(8, 0);
	nptb_shuffle(NPTB_VECTOR_LOAD_LOW, &vector);
	check(_mm_castps_si128(_mm_movehl_ps(PS(a), PS(b))));
	prepare(8, 0);
	nptb_shuffle(NPTB_VECTOR_LOAD_HIGH, &vector);
	check(_mm_castps_si128(_mm_movelh_ps(PS(a), PS(b))));
	prepare(4, 0);
	nptb_shuffle(NPTB_VECTOR_LOAD_GPR, &vector);
	check(_mm_cvtsi32_si128(0x44332211));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_immediates),
		cmocka_unit_test(test_byte_shifts),
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
