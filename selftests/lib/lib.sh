# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests in shell share. Sourced by them from build/selftests/.
