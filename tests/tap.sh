# SPDX-License-Identifier: GPL-3.0-or-later
# tap: what the shell tests share. A test sources this file after setting its own variables, calls
# `check` once a property, and ends with `tap_end`. $T is a scratch folder that goes with the test;
# what $log holds is shown when a check fails.
# shellcheck shell=sh

T=$(mktemp -d "${TEST_TMP:-/tmp}/$(basename "$0" .sh).XXXXXX") || exit 6
log=$T/log
: >"$log"
tap_count=0 tap_failed=0
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM

# check "property in words" COMMAND [ARGUMENT...]: holds when the command succeeds.
check() {
    tap_words=$1
    shift
    tap_count=$((tap_count + 1))
    if "$@"; then
        echo "ok $tap_count - $tap_words"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $tap_words"
        echo "# not true: $*"
        tail -n 20 "$log" | sed 's/^/# /'
    fi
}

# The log holds this text (no pattern).
says() {
    grep -qF -e "$1" "$log"
}

# skip "what was not tried" "what is missing": said at the end of `make check`.
skip() {
    echo "# SKIP $1: $2"
}

tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
    exit
}
