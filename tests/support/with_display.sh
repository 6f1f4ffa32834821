#!/usr/bin/env bash
# with_display.sh CMD...: runs it on a display of its own. The server chooses the number itself: two
# xvfb-run may choose the same at the same moment.
set -euo pipefail
folder=$(mktemp -d)
mkfifo "$folder/number"
setpriv --pdeathsig TERM Xvfb -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp 3> "$folder/number" 2> "$folder/said" &
server=$!
trap 'kill $server 2> /dev/null; wait $server 2> /dev/null; rm -rf "$folder"' EXIT
read -r number < "$folder/number" || { cat "$folder/said" >&2; exit 1; }
DISPLAY=:$number "$@"
