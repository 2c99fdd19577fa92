/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks that every fault takes, inline, as the kernel has them where it is built with
 * CONFIG_INLINE_SPIN_LOCK and its like: distributions build it with a call for each, and a
 * call and its return cost more than to take a lock that is free. What is done is the same,
 * with lockdep or without; whoever uses spin_lock() on the same lock is kept out.
 */
#ifndef NPTB_LOCK_H
#define NPTB_LOCK_H

#include <linux/spinlock.h>

/*
 * With PREEMPT_RT a spinlock may sleep; without SMP there is nothing to take; what
 * DEBUG_SPINLOCK puts in place of the locks' own instructions is not for modules.
 */
#if defined(CONFIG_SMP) && !defined(CONFIG_PREEMPT_RT) && !defined(CONFIG_DEBUG_SPINLOCK)
static __always_inline void nptb_spin_lock(spinlock_t *lock) __acquires(lock)
{
	__raw_spin_lock(&lock->rlock);
}

static __always_inline void nptb_spin_unlock(spinlock_t *lock) __releases(lock)
{
	__raw_spin_unlock(&lock->rlock);
}

static __always_inline void nptb_write_lock(rwlock_t *lock) __acquires(lock)
{
	__raw_write_lock(lock);
}

static __always_inline void nptb_write_unlock(rwlock_t *lock) __releases(lock)
{
	__raw_write_unlock(lock);
}
#else
#define nptb_spin_lock(lock)	spin_lock(lock)
#define nptb_spin_unlock(lock)	spin_unlock(lock)
#define nptb_write_lock(lock)	write_lock(lock)
#define nptb_write_unlock(lock)	write_unlock(lock)
#endif

#endif /* NPTB_LOCK_H */
