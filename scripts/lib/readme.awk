# SPDX-License-Identifier: GPL-2.0-only
# The commands that README.md gives in a section, in its indented blocks: a line
# each, continued lines joined, what explains them left out. With `start`, those of
# the blocks alone whose first word that is.
#   awk -v section="Two commands" -f readme.awk README.md

/^## / { inside = $0 == "## " section; indented = 0; next }
!inside { next }
/^    / {
	if (!indented) wanted = start == "" || $1 == start
	indented = 1
	if (!wanted) next
	sub(/^ +/, "")
	sub(/ +# .*/, "")
	if (sub(/ *\\$/, "")) { line = line $0 " "; next }
	print line $0
	line = ""
	next
}
/./ { indented = 0 }
