# SPDX-License-Identifier: AGPL-3.0-only
# What quickstart and tests/run share: missing packages, the build, users and groups. Sourced by both.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Installs the packages of each PURPOSE that are missing. Needs root and the package mirror.
install_packages() { # PURPOSE…
	local missing=() purpose name
	while read -r purpose name; do
		case " $* " in
		*" $purpose "*) dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name") ;;
		esac
	done < <(grep -v '^#' "$TOP/packaging/packages")
	[ ${#missing[@]} -eq 0 ] && return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing packages: ${missing[*]} (install them as root, or use --no-deps)" >&2
		return 1
	fi
	echo "installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=120 update -qq &&
		apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Builds TARGET (suite: what is run; all: tests too) into DIR, with further cmake arguments.
build_suite() { # DIR TARGET [ARGUMENT…]
	local dir=$1 target=$2
	shift 2
	mkdir -p "$dir"
	cmake -S "$TOP" -B "$dir" -G Ninja "$@" >"$dir.cmake.log" 2>&1 || { cat "$dir.cmake.log" >&2; return 1; }
	rm -f "$dir.cmake.log"
	cmake --build "$dir" --target "$target" -- -j "$(nproc)" --quiet
}

DAEMONS=(collectord ruled apid enforcerd)

# A link's group holds its two ends.
LINK_GROUPS=(
	"linnix-events collectord ruled"
	"linnix-feed ruled apid"
	"linnix-proposals ruled enforcerd"
	"linnix-decisions apid enforcerd"
)

# System users and groups; those that exist are kept.
create_users() {
	local group daemon entry
	for group in linnix linnix-approvers; do
		getent group "$group" >/dev/null || groupadd --system "$group" || return 1
	done
	for daemon in "${DAEMONS[@]}"; do
		getent passwd "linnix-$daemon" >/dev/null ||
			useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
				"linnix-$daemon" || return 1
	done
	for entry in "${LINK_GROUPS[@]}"; do
		set -- $entry
		group=$1
		shift
		getent group "$group" >/dev/null || groupadd --system "$group" || return 1
		for daemon in "$@"; do
			id -nG "linnix-$daemon" | tr ' ' '\n' | grep -qx "$group" || usermod -aG "$group" "linnix-$daemon" || return 1
		done
	done
}
