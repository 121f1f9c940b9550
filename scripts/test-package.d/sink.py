"""A server that takes every mail on a free port of 127.0.0.1 and keeps it: sink.py FOLDER. FOLDER/port names the port."""
import os, socketserver, sys

folder = sys.argv[1]

class Dialogue(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink.example.org ESMTP")
        envelope = []
        for line in self.rfile:
            word = line.strip().upper()
            if word.startswith(b"DATA"):
                self.say("354 go on")
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    envelope.append(line)
                path = os.path.join(folder, f"{len(os.listdir(folder)):03}.eml")
                with open(path + ".new", "wb") as out:
                    out.writelines(envelope)
                os.rename(path + ".new", path)
            elif word.startswith((b"MAIL", b"RCPT")):
                envelope.append(line)
            self.say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return

with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dialogue) as server:
    with open(os.path.join(folder, "port.new"), "w") as out:
        out.write(str(server.server_address[1]))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    server.serve_forever()
