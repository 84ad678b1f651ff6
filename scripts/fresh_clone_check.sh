#!/usr/bin/env bash
# Does a fresh clone do what the README promises? Clones the current commit into a temporary
# folder and times `make demo SERVE=0`, the same again, and `make test`, with an empty home.
#
#   scripts/fresh_clone_check.sh            as the present user
#   scripts/fresh_clone_check.sh nobody     as another one (needs root)
#   COMMANDS="demo demo" scripts/fresh_clone_check.sh    only these
set -euo pipefail
user="${1:-$(id -un)}"
source="$(cd "$(dirname "$0")/.." && pwd)"
place="$(mktemp -d)"
clone="$place/a fresh clone"
export HOME="$place/home"
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
while read -r name; do unset "$name"; done < <(compgen -e WORKBENCH_ || true)

as_user=()
if [ "$user" != "$(id -un)" ]; then
    as_user=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups)
    # Interpreters below somebody else's home are closed to this user.
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
elif [ "$(id -u)" = 0 ]; then
    export WORKBENCH_STATE_DIR="$place/state"  # root's own place may hold data already
fi

finish() {
    (cd "$clone" && "${as_user[@]}" .venv/bin/workbench down) || true
    rm -rf "$place"
}
trap finish EXIT

chmod 755 "$place"
git clone -q --no-hardlinks "$source" "$clone"
mkdir "$HOME"
chown -R "$user" "$clone" "$HOME"
cd "$clone"

for command in ${COMMANDS:-demo demo test}; do
    echo "=== $user: make $command SERVE=0"
    began=$SECONDS
    "${as_user[@]}" make "$command" SERVE=0 </dev/null
    echo "=== $user: make $command took $((SECONDS - began)) s"
done
changed="$("${as_user[@]}" git status --porcelain)"
if [ -n "$changed" ]; then
    echo "the commands changed the checkout: $changed" >&2
    exit 1
fi
