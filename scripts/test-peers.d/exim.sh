# shellcheck shell=bash disable=SC2154
# Exim, run from a folder of its own. Sourced by test-peers, whose variables and functions it uses.
#
# Debian's mail servers exclude each other as packages, so this one is unpacked, not installed. It knows its user by
# name only (Debian-exim): libnss-wrapper shows it a list of users that has one, and /etc stays as it is.

write_exim_users() {
  {
    cat /etc/passwd
    # With the rights of Postfix it reaches Dovecot, which checks the passwords for it.
    echo "Debian-exim:x:$(id -u postfix):$(id -g postfix)::$exim_home:/bin/false"
  } >"$exim_home/passwd"
  { cat /etc/group; echo "Debian-exim:x:$(id -g postfix):"; } >"$exim_home/group"
}

# The command that everything of Exim is started by, here and as a tunnel.
write_exim_command() {
  cat >"$exim_home/exim" <<SH
#!/bin/sh
export LD_PRELOAD=$(unpacked libnss-wrapper /libnss_wrapper.so)
export NSS_WRAPPER_PASSWD=$exim_home/passwd NSS_WRAPPER_GROUP=$exim_home/group
exec $(unpacked exim4-daemon-heavy /sbin/exim4) -C $exim_home/exim.conf "\$@"
SH
  chmod 755 "$exim_home/exim"
}

write_exim_conf() { # ports: submission, tls, relay
  cat >"$exim_home/exim.conf" <<CONF
exim_path = $exim_home/exim
keep_environment = LD_PRELOAD : ^NSS_WRAPPER_
spool_directory = $exim_home/spool
log_file_path = $dir/exim_%s.log
pid_file_path = $exim_home/exim.pid
primary_hostname = exim.example.test
domainlist local = example.test
local_interfaces = <; 127.0.0.1
daemon_smtp_ports = $1 : $2 : $3
daemon_startup_retries = 0
tls_on_connect_ports = $2
tls_advertise_hosts = \${if eq{\$received_port}{$3}{}{*}}
tls_certificate = $exim_home/server.pem
tls_privatekey = $exim_home/server.key
tls_try_verify_hosts = *
tls_verify_certificates = $dir/tls/ca.pem
auth_advertise_hosts = \${if def:tls_in_cipher{*}{}}
chunking_advertise_hosts = \${if eq{\$received_port}{$3}{}{*}}
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
message_size_limit = 100M
# Without set-user-ID it cannot become root again: it delivers as the user it listens as.
deliver_drop_privilege
never_users =
recipients_max = 0
smtp_accept_max = 0
smtp_receive_timeout = 60s
smtp_return_error_details
host_lookup =
rfc1413_hosts =
queue_run_max = 0
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_mime = accept

begin acl
mail:
  # From a program on this machine, over the relay's port, or after a login.
  accept condition = \${if eq{\$sender_host_address}{}}
  accept condition = \${if eq{\$received_port}{$3}}
  accept authenticated = *
  deny   message = authentication is required
rcpt:
  defer  recipients = later@example.test
         message = 450 4.2.0 come back later
  defer  recipients = full@example.test
         message = 452 4.2.2 mailbox full
  deny   recipients = moved@example.test
         message = 551 5.1.6 the user moved, try <eve@example.test>
  accept recipients = dan@example.test : wang@example.test : eve@example.test : 用户@example.test
  # Its own word, in two lines and without an enhanced status, which it does not offer.
  deny   message = no such user here\nask the postmaster

begin routers
users:
  driver = accept
  domains = +local
  local_parts = lsearch;$exim_home/mailboxes
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = $exim_home/mail/\$local_part_data
  create_directory
  return_path_add

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{\$auth3}{\${lookup{\$auth2}lsearch{$exim_home/users}{\$value}{}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = \${if eq{\$auth2}{\${lookup{\$auth1}lsearch{$exim_home/users}{\$value}{}}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${lookup{\$auth1}lsearch{$exim_home/users}{\$value}fail}
  server_set_id = \$auth1
scram_1:
  driver = dovecot
  public_name = SCRAM-SHA-1
  server_socket = $dir/dovecot/sasl
  server_set_id = \$auth1
scram_256:
  driver = dovecot
  public_name = SCRAM-SHA-256
  server_socket = $dir/dovecot/sasl
  server_set_id = \$auth1
external:
  driver = external
  public_name = EXTERNAL
  # Offered to those who have shown a certificate of the tests' authority; whom it names is who logs in.
  server_advertise_condition = \$tls_in_certificate_verified
  server_param2 = \${certextract{subj_altname,mail}{\$tls_in_peercert}}
  server_condition = \${if and{{eq{\$auth1}{\$auth2}}{eq{\$auth1}{dan@example.test}}}}
  server_set_id = \$auth1
CONF
}

start_exim() {
  exim_home=$dir/exim
  mkdir -p "$exim_home/spool" "$exim_home/mail"
  write_exim_users
  write_exim_command
  printf '%s: %s\n' dan dan wang wang eve eve 用户 yonghu >"$exim_home/mailboxes"
  cp "$dir/tls/server.pem" "$dir/tls/server.key" "$exim_home/"
  local user
  for user in dan wang; do echo "$user@example.test: $(cat "$dir/$user.password")"; done >"$exim_home/users"
  chown -R postfix:postfix "$exim_home/spool" "$exim_home/mail" "$exim_home"/server.* "$exim_home/users"
  chmod 600 "$exim_home"/server.key "$exim_home/users"
  for user in main reject panic; do install -m 644 -o postfix /dev/null "$dir/exim_$user.log"; done
  local attempt
  for attempt in 1 2 3; do
    read -r -a exim_ports <<<"$(free_ports 3)"
    write_exim_conf "${exim_ports[@]}"
    rm -f "$exim_home/exim.pid"
    "$exim_home/exim" -bd >>"$dir/start.log" 2>&1 || true
    ! listening "${exim_ports[@]}" || return 0
  done
  tail -n 20 "$dir/start.log" "$dir"/exim_*.log >&2 || true
  die "Exim does not start ($attempt attempts)"
}

exim_env() {
  cat <<ENV
EXIM_PORT=${exim_ports[0]}
EXIM_TLS_PORT=${exim_ports[1]}
EXIM_RELAY_PORT=${exim_ports[2]}
EXIM_COMMAND=$exim_home/exim
EXIM_MAIL_ROOT=$exim_home/mail
EXIM_LOG_FILE=$dir/exim_main.log
ENV
}
