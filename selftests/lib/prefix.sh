#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In place of kselftest's prefix.pl, on an emulated host: line by line.
exec stdbuf -oL sed 's/^/# /'
