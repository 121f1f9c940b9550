# shellcheck shell=bash disable=SC2154
# The packages of the servers. Sourced by test-peers, whose variables and functions it uses.

missing_packages() {
  [ -x /usr/sbin/postfix ] || echo postfix
  [ -x /usr/sbin/dovecot ] || echo dovecot-core
  [ -x /usr/lib/dovecot/lmtp ] || echo dovecot-lmtpd
  command -v openssl >/dev/null || echo openssl
  command -v python3 >/dev/null || echo python3
  command -v microsocks >/dev/null || echo microsocks
  # It judges the units of contrib/systemd.
  command -v systemd-analyze >/dev/null || echo systemd
  # The server of the tests that binds logins to TLS is made of these two.
  local library
  for library in libgnutls.so.30:libgnutls30 libgsasl.so.18:libgsasl18; do
    ldconfig -p | grep -qF "${library%:*} " || echo "${library#*:}"
  done
  [ -x /usr/lib/dovecot/submission ] || echo dovecot-submissiond
}

# The packages that exclude those above, or that none of the machine's own is to have: unpacked, not installed.
unpacked_packages=(exim4-daemon-heavy libnss-wrapper opensmtpd tinyproxy-bin)

# Programs that send mail by a sendmail program, which the tests have call whippet.
unpacked_callers=(cron at monit smartmontools mdadm logwatch libdate-manip-perl bsd-mailx s-nail sudo quilt apt-listchanges python3-debconf)

# Of PHP and Symfony Mailer all that is missing; their names hold versions. git-email is wanted where git came without.
unpacked_names() {
  printf '%s\n' "${unpacked_packages[@]}" "${unpacked_callers[@]}"
  apt-get install -s --no-install-recommends php-cli php-symfony-mailer | sed -n 's/^Inst \(php[^ ]*\) .*/\1/p'
  [ -e "$(git --exec-path)/git-send-email" ] || echo git-email
}

# The path of the file in an unpacked package that ends so.
unpacked() { # package, end of the path
  local found
  found=$(find "$dir/packages/$1" -path "*$2" -type f | head -n 1)
  [ -n "$found" ] || die "the package $1 has no $2"
  echo "$found"
}

unpack() {
  local package archive names folder
  mkdir -p "$dir/packages"
  (
    cd "$dir/packages"
    unpacked_names >names && xargs apt-get download <names ||
      { apt-get -o DPkg::Lock::Timeout=300 update; unpacked_names >names; xargs apt-get download <names; }
  ) >>"$dir/install.log" 2>&1 || { tail -n 20 "$dir/install.log" >&2; die "cannot download the packages to unpack" 69; }
  mapfile -t names <"$dir/packages/names"
  for package in "${names[@]}"; do
    archive=("$dir/packages/$package"_*.deb)
    # What belongs to PHP works in one folder only.
    case $package in php*) folder=php ;; *) folder=$package ;; esac
    dpkg-deb -x "${archive[0]}" "$dir/packages/$folder"
    # No program in a temporary folder gives rights to who runs it.
    chmod -R ug-s "$dir/packages/$folder"
  done
}

# The libraries that the unpacked programs want and the machine has not.
missing_libraries() {
  local archive library
  for archive in "$dir/packages"/*.deb; do
    dpkg-deb -f "$archive" Pre-Depends Depends | tr ',' '\n' | sed -n 's/^\([A-Za-z-]*Depends:\)\? *\(lib[a-z0-9.+-]*\).*/\2/p'
  done | sort -u | while read -r library; do
    dpkg-query -W -f '${Status}\n' "$library" 2>/dev/null | grep -q ' installed$' || echo "$library"
  done
}

install_libraries() {
  local missing
  missing=$(missing_libraries)
  [ -n "$missing" ] || return 0
  echo "test-peers: installing ${missing//$'\n'/ }" >&2
  # shellcheck disable=SC2086
  guarded_install $missing >>"$dir/install.log" 2>&1 || { tail -n 20 "$dir/install.log" >&2; die "cannot install ${missing//$'\n'/ }" 69; }
}

# Ends what runs from the unpacked packages.
stop_unpacked() {
  local proc
  for proc in /proc/[0-9]*; do
    [[ "$(readlink "$proc/exe" 2>/dev/null)" != "$dir"/* ]] || kill "${proc#/proc/}" 2>/dev/null || true
  done
}

# While packages are installed, policy-rc.d keeps their services from being started: on port 25 they would be in
# the way, and in a container without an init the attempt fails.
guarded_install() {
  local guard=/usr/sbin/policy-rc.d made=
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    made=$guard
  fi
  # "No configuration" leaves /etc/postfix without a main.cf, and asks for no host name.
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections || true
  local ok=0
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" || ok=1
  [ -z "$made" ] || rm -f "$made"
  return $ok
}

install_missing() {
  local missing log=$dir/install.log
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "missing and not installed, since there is no apt-get: ${missing//$'\n'/ }" 69
  echo "test-peers: installing ${missing//$'\n'/ }" >&2
  # shellcheck disable=SC2086
  guarded_install $missing >"$log" 2>&1 ||
    { apt-get -o DPkg::Lock::Timeout=300 update >>"$log" 2>&1; guarded_install $missing >>"$log" 2>&1; } ||
    echo "test-peers: apt-get reported an error, see $log; going on with what is there" >&2
  missing=$(missing_packages)
  [ -z "$missing" ] || { tail -n 20 "$log" >&2; die "cannot install ${missing//$'\n'/ }" 69; }
}
