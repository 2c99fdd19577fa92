/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's functions and structs compared, by BTF, with what we take them for. */
#ifndef NPTB_X86_PROTOTYPES_H
#define NPTB_X86_PROTOTYPES_H

int nptb_kvm_check_protos(void);
int nptb_kvm_map_writable(void);

#endif /* NPTB_X86_PROTOTYPES_H */
