# Sourced by the scripts of contrib: which Debian packages are missing, and installing them.
# Needs apt; works without an init system and asks no questions.

# missing PACKAGE...: prints the packages that are not installed. "a|b" is satisfied by either, and the
# first one that apt knows is printed.
missing() {
  local want alternative found
  for want in "$@"; do
    found=
    for alternative in ${want//|/ }; do
      if dpkg-query -W -f '${db:Status-Status}\n' "$alternative" 2>/dev/null | grep -qx installed; then
        found=yes
      fi
    done
    if [ -z "$found" ]; then
      for alternative in ${want//|/ }; do
        if [ -n "$(apt-cache --names-only search "^${alternative//+/\\+}$" 2>/dev/null)" ]; then
          echo "$alternative"
          found=yes
          break
        fi
      done
      # Not known before "apt-get update": let apt say so.
      [ -n "$found" ] || echo "${want%%|*}"
    fi
  done
}

# apt_lists: makes sure that apt knows packages at all, as in a fresh container.
apt_lists() {
  if [ -z "$(apt-cache --names-only search '^libmilter-dev$' 2>/dev/null)" ]; then
    apt-get update -q >&2 || fail "apt-get update failed: is there a network?"
  fi
}

# install_missing PACKAGE...: says what it installs, and installs it.
install_missing() {
  local needed
  mapfile -t needed < <(missing "$@")
  if [ ${#needed[@]} -eq 0 ]; then
    say "All packages that are needed are installed already."
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    fail "These packages are missing and only root can install them: ${needed[*]}"
  fi
  say "Installing ${#needed[@]} packages with apt-get: ${needed[*]}"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      -o Dpkg::Use-Pty=0 "${needed[@]}" >"${APT_LOG:-/dev/null}" 2>&1; then
    [ -z "${APT_LOG:-}" ] || tail -n 20 "$APT_LOG" >&2
    # The lists may be old; once more with fresh ones.
    apt-get update -q >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${needed[@]}" >"${APT_LOG:-/dev/null}" 2>&1 ||
      fail "apt-get could not install them${APT_LOG:+; see $APT_LOG}"
  fi
}
