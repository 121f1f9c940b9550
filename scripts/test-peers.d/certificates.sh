# shellcheck shell=bash disable=SC2154
# The certificates of the servers. Sourced by test-peers, whose variables and functions it uses.

# One certificate authority, three server certificates (good, expired, and for another name only), and dan's.
make_certificates() {
  local tls=$dir/tls
  mkdir -p "$tls/issued"
  : >"$tls/index.txt"
  cat >"$tls/ca.cnf" <<CNF
[ca]
default_ca = tests
[tests]
database = $tls/index.txt
new_certs_dir = $tls/issued
certificate = $tls/ca.pem
private_key = $tls/ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[good]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost,DNS:mail.example.test,IP:127.0.0.1
[wrong-name]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:another.test
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
subjectAltName = email:dan@example.test
[req]
distinguished_name = empty
[empty]
CNF
  {
    new_key "$tls/ca.key"
    openssl req -x509 -new -config "$tls/ca.cnf" -extensions authority -key "$tls/ca.key" -days 30 \
      -subj '/CN=whippet test authority' -out "$tls/ca.pem"
    issue server good /CN=mail.example.test "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '30 days' +%Y%m%d%H%M%SZ)"
    issue expired good /CN=mail.example.test 20200101000000Z 20200201000000Z
    issue client client /CN=dan "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '30 days' +%Y%m%d%H%M%SZ)"
    issue wrong-name wrong-name /CN=another.test "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '30 days' +%Y%m%d%H%M%SZ)"
  } >>"$dir/install.log" 2>&1 || { tail -n 20 "$dir/install.log" >&2; die "openssl cannot make the certificates"; }
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" && chmod 600 "$1"; }

issue() { # name, extensions, subject, first day, last day
  local tls=$dir/tls
  new_key "$tls/$1.key"
  openssl req -new -config "$tls/ca.cnf" -key "$tls/$1.key" -subj "$3" -out "$tls/$1.csr"
  openssl ca -batch -notext -config "$tls/ca.cnf" -extensions "$2" -startdate "$4" -enddate "$5" \
    -in "$tls/$1.csr" -out "$tls/$1.pem"
  rm "$tls/$1.csr"
}
