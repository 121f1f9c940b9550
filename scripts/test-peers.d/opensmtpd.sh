# shellcheck shell=bash disable=SC2154
# OpenSMTPD, in a root folder of its own. Sourced by test-peers, whose variables and functions it uses.
#
# The paths and the users that it wants are built into it: in a root folder that holds nothing else it has them all.
# It relays without TLS and without a login: the one of Debian 12 cannot do TLS, since the OpenSSL there no longer asks
# it for a signature (OpenSMTPD's issue 1171), and without TLS it offers no login.

fill_opensmtpd_root() {
  local root=$1 library
  mkdir -p "$root"/{bin,dev,etc,mail,run,tmp,var/run,var/spool/smtpd,var/lib/opensmtpd/empty}
  chmod 1777 "$root/tmp"
  chmod 711 "$root/var/spool/smtpd"
  cp -R "$dir/packages/opensmtpd/usr" "$root/"
  cp -L /bin/sh "$root/bin/"
  ldd "$root/usr/sbin/smtpd" "$root/usr/libexec/opensmtpd/mail.maildir" "$root/bin/sh" | grep -o '/[^ :]*' | sort -u |
    while read -r library; do
      [[ $library != "$dir"/* ]] || continue
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
  # A true device cannot be made everywhere.
  install -m 666 /dev/null "$root/dev/null"
}

write_opensmtpd_conf() { # root folder, port
  local nobody user
  nobody=$(id -u nobody):$(id -g nobody)
  {
    echo 'root:x:0:0::/:/bin/sh'
    echo "opensmtpd:x:$(id -u postfix):$(id -g postfix)::/var/lib/opensmtpd/empty:/bin/false"
    echo "opensmtpq:x:$nobody::/var/lib/opensmtpd/empty:/bin/false"
    for user in dan wang eve; do echo "$user:x:$nobody::/mail:/bin/sh"; done
  } >"$1/etc/passwd"
  printf 'root:x:0:\nopensmtpd:x:%s:\nopensmtpq:x:%s:\n' "$(id -g postfix)" "$(id -g nobody)" >"$1/etc/group"
  chown nobody "$1/mail"
  cat >"$1/etc/smtpd.conf" <<'CONF'
smtp max-message-size "100M"
filter "later" phase rcpt-to match rcpt-to { "later@example.test" } reject "450 4.2.0 come back later"
filter "full" phase rcpt-to match rcpt-to { "full@example.test" } reject "452 4.2.2 mailbox full"
filter "moved" phase rcpt-to match rcpt-to { "moved@example.test" } reject "551 5.1.6 the user moved, try <eve@example.test>"
filter "answers" chain { "later", "full", "moved" }
action "maildir" maildir "/mail/%{user.username}"
match from any for domain "example.test" action "maildir"
CONF
  echo "listen on 127.0.0.1 port $2 hostname opensmtpd.example.test filter \"answers\"" >>"$1/etc/smtpd.conf"
  chmod 644 "$1/etc/smtpd.conf"
}

start_opensmtpd() {
  local root=$dir/opensmtpd attempt
  fill_opensmtpd_root "$root"
  for attempt in 1 2 3; do
    opensmtpd_port=$(free_ports 1)
    write_opensmtpd_conf "$root" "$opensmtpd_port"
    # It tells its story to the log while it stays in the foreground.
    chroot "$root" /usr/sbin/smtpd -d -f /etc/smtpd.conf </dev/null >>"$dir/opensmtpd.log" 2>&1 9>&- &
    ! listening "$opensmtpd_port" || return 0
    kill $! 2>/dev/null || true
  done
  tail -n 20 "$dir/opensmtpd.log" >&2
  die "OpenSMTPD does not start ($attempt attempts)"
}

opensmtpd_env() {
  cat <<ENV
OPENSMTPD_PORT=$opensmtpd_port
OPENSMTPD_MAIL_ROOT=$dir/opensmtpd/mail
OPENSMTPD_LOG_FILE=$dir/opensmtpd.log
ENV
}
