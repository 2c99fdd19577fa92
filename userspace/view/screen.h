/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal as a screen, and as it was before on any way out. */
#ifndef NPTB_SCREEN_H
#define NPTB_SCREEN_H

int screen_begin(void);
int screen_signal(void);
void screen_end(void);

#endif /* NPTB_SCREEN_H */
