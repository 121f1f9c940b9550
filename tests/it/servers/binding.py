"""A submission server whose TLS is GnuTLS and whose login is GNU SASL, which share no code with whippet: the one says
what binds the connection, the other what the client has to prove of it. One argument each: certificate, key, user,
file of the password, GnuTLS's priorities, and "true" or "false" for whether the server looks at its own connection or
at another one, as it would behind a man in the middle. Prints its port, then a line for each login.
"""

import base64
import ctypes
import socket
import sys

CERTIFICATE, KEY, USER, PASSWORD_FILE, PRIORITIES, BINDING = sys.argv[1:]
PASSWORD = open(PASSWORD_FILE, encoding="utf-8").read().strip()
MECHANISMS = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"]

tls = ctypes.CDLL("libgnutls.so.30")
sasl = ctypes.CDLL("libgsasl.so.18")
text = ctypes.c_char_p
pointer = ctypes.c_void_p
Callback = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, ctypes.c_int)
sasl.gsasl_property_set.argtypes = [pointer, ctypes.c_int, text]
sasl.gsasl_property_fast.argtypes = [pointer, ctypes.c_int]
sasl.gsasl_property_fast.restype = text
sasl.gsasl_callback_set.argtypes = [pointer, Callback]
sasl.gsasl_callback_set.restype = None
sasl.gsasl_finish.argtypes = [pointer]
sasl.gsasl_step.argtypes = [pointer, text, ctypes.c_size_t, ctypes.POINTER(pointer), ctypes.POINTER(ctypes.c_size_t)]
tls.gnutls_record_recv.argtypes = tls.gnutls_record_send.argtypes = [pointer, text, ctypes.c_size_t]
tls.gnutls_record_recv.restype = tls.gnutls_record_send.restype = ctypes.c_ssize_t
AUTHID, PASSWORD_PROPERTY, UNIQUE, EXPORTER, VALIDATE_SIMPLE = 1, 3, 18, 25, 500
OK, NEEDS_MORE, NO_CALLBACK, REFUSED = 0, 1, 51, 31


class Datum(ctypes.Structure):
    _fields_ = [("data", pointer), ("size", ctypes.c_uint)]


class Gone(Exception):
    pass


class Connection:
    def __init__(self, accepted, credentials):
        self.socket, self.heard = accepted, b""
        self.session = pointer()
        tls.gnutls_init(ctypes.byref(self.session), 1)
        tls.gnutls_priority_set_direct(self.session, PRIORITIES.encode(), None)
        tls.gnutls_credentials_set(self.session, 1, credentials)
        tls.gnutls_transport_set_int2(self.session, accepted.fileno(), accepted.fileno())
        code = tls.gnutls_handshake(self.session)
        while code < 0 and not tls.gnutls_error_is_fatal(code):
            code = tls.gnutls_handshake(self.session)
        if code < 0:
            raise Gone(code)

    def binding(self, kind):
        found = Datum()
        if tls.gnutls_session_channel_binding(self.session, kind, ctypes.byref(found)) != 0:
            return None
        octets = ctypes.string_at(found.data, found.size)
        if BINDING == "false":
            octets = bytes(octet ^ 1 for octet in octets)
        return base64.b64encode(octets)

    def say(self, line):
        octets = line.encode() + b"\r\n"
        tls.gnutls_record_send(self.session, octets, len(octets))

    def line(self):
        while b"\r\n" not in self.heard:
            buffer = ctypes.create_string_buffer(65536)
            count = tls.gnutls_record_recv(self.session, buffer, len(buffer))
            if count <= 0:
                raise Gone(count)
            self.heard += buffer.raw[:count]
        line, self.heard = self.heard.split(b"\r\n", 1)
        return line.decode()

    def log_in(self, context, mechanism, first):
        given = {PASSWORD_PROPERTY: PASSWORD.encode(), EXPORTER: self.binding(2), UNIQUE: self.binding(0)}

        def asked(_, session, name):
            if name == VALIDATE_SIMPLE:
                offered = sasl.gsasl_property_fast(session, AUTHID), sasl.gsasl_property_fast(session, PASSWORD_PROPERTY)
                return OK if offered == (USER.encode(), PASSWORD.encode()) else REFUSED
            if given.get(name) is None:
                return NO_CALLBACK
            return sasl.gsasl_property_set(session, name, given[name])

        callback = Callback(asked)
        sasl.gsasl_callback_set(context, callback)
        session = pointer()
        if sasl.gsasl_server_start(context, mechanism.encode(), ctypes.byref(session)) != OK:
            return False, "none"
        message = base64.b64decode(first)
        # Of a login without a binding the beginning may be anything, the password even.
        bound = message.split(b",")[0].decode() if message.startswith(b"p=") else "unbound"
        while True:
            out, length = pointer(), ctypes.c_size_t()
            code = sasl.gsasl_step(session, message, len(message), ctypes.byref(out), ctypes.byref(length))
            if code not in (OK, NEEDS_MORE):
                break
            if length.value or code == NEEDS_MORE:
                self.say("334 " + base64.b64encode(ctypes.string_at(out, length.value)).decode())
                answer = self.line()
                if code == NEEDS_MORE:
                    message = base64.b64decode(answer)
            if code == OK:
                break
        who = sasl.gsasl_property_fast(session, AUTHID)
        sasl.gsasl_finish(session)
        return code == OK and who == USER.encode(), bound

    def serve(self, context):
        self.say("220 binding.example.test ESMTP")
        while True:
            verb, _, rest = self.line().partition(" ")
            if verb == "EHLO":
                self.say("250-binding.example.test\r\n250 AUTH " + " ".join(MECHANISMS))
            elif verb == "AUTH":
                mechanism, _, first = rest.partition(" ")
                good, bound = self.log_in(context, mechanism, first)
                print(mechanism, bound, "yes" if good else "no", flush=True)
                self.say("235 2.7.0 welcome" if good else "535 5.7.8 no")
            elif verb == "DATA":
                self.say("354 go on")
                while self.line() != ".":
                    pass
                self.say("250 2.0.0 kept nowhere")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 ok")


def main():
    credentials, context = pointer(), pointer()
    tls.gnutls_certificate_allocate_credentials(ctypes.byref(credentials))
    code = tls.gnutls_certificate_set_x509_key_file(credentials, CERTIFICATE.encode(), KEY.encode(), 1)
    assert code >= 0, code
    assert sasl.gsasl_init(ctypes.byref(context)) == OK
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        accepted, _ = listener.accept()
        try:
            Connection(accepted, credentials).serve(context)
        except Gone:
            pass
        accepted.close()


main()
