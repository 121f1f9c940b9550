# shellcheck shell=bash disable=SC2154,SC2034
# Dovecot's LMTP. Sourced by test-peers, whose variables and functions it uses.

# A Dovecot of its own, with Maildirs of its own. Between the choice of a port and its use another program
# may take it: then another is tried.
start_lmtp() {
  local home=$dir/lmtp attempt
  mkdir -p "$home/run" "$home/mail"
  chown nobody "$home/mail"
  printf '%s@example.test:::::::\n' dan wang eve >"$home/users"
  # No folder can be made below a file.
  echo "stuck@example.test:::::$home/users/none::" >>"$home/users"
  for attempt in 1 2 3 4 5; do
    lmtp_port=$((20000 + RANDOM % 12000))
    write_lmtp_conf "$home"
    ! dovecot -c "$home/dovecot.conf" >>"$dir/lmtp.log" 2>&1 || return 0
  done
  tail -n 20 "$dir/lmtp.log" >&2
  die "Dovecot does not start for LMTP ($attempt attempts)"
}

write_lmtp_conf() { # folder
  cat >"$1/dovecot.conf" <<CONF
base_dir = $1/run
log_path = $dir/lmtp.log
protocols = lmtp
hostname = mail.example.test
ssl = yes
ssl_cert = <$dir/tls/server.pem
ssl_key = <$dir/tls/server.key
mail_location = maildir:~/
passdb {
  driver = passwd-file
  args = username_format=%u $1/users
}
userdb {
  driver = passwd-file
  args = username_format=%u $1/users
  default_fields = home=$1/mail/%n
  override_fields = uid=nobody gid=nogroup
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp_port
  }
  unix_listener $1/socket {
    mode = 0666
  }
}
CONF
}
