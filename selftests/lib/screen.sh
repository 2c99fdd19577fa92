# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A terminal of tmux's, for tests of programs with a screen. Sourced after lib.sh, where
# $dir is a folder of the test's own: the screen as it was last looked at is in $dir/screen.
# shellcheck disable=SC2154 # dir is the test's

mux() { TERM=xterm LC_ALL=C.UTF-8 tmux -S "$dir/tmux" -f /dev/null "$@"; }

# screen_is COMMAND...: true of the screen soon; shows the screen where it is not.
screen_is() {
	for _ in $(seq 50); do
		mux capture-pane -p >"$dir/screen"
		"$@" && return
		sleep 0.2
	done
	sed 's/^/# /' "$dir/screen"
	return 1
}
on_screen() { grep -qE -- "$1" "$dir/screen"; }
off_screen() { ! on_screen "$1"; }
shows() { screen_is on_screen "$1"; }
lacks() { screen_is off_screen "$1"; }
