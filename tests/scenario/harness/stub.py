"""An HTTP server that the test plays: it says what it was asked, and answers as the path wants it."""
import gzip
import http.server
import threading

HOST = "127.0.0.1"


class Stub:
    """Listens on loopback. `requests` are (method, path, headers, body) in order."""

    def __init__(self, host=HOST):
        self.requests = []
        self.open = threading.Event()  # /wait answers when this is set
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with stub.lock:
                    stub.requests.append((self.command, self.path, self.headers, body))
                    stub.at_once += 1
                    stub.most_at_once = max(stub.most_at_once, stub.at_once)
                try:
                    stub.answer(self)
                finally:
                    with stub.lock:
                        stub.at_once -= 1

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def send(to, status, body=b"", **headers):
        to.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                to.send_header(name.replace("_", "-"), one)
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        if to.command != "HEAD":
            to.wfile.write(body)

    def answer(self, to):
        path, _, query = to.path.partition("?")
        if path == "/hello":
            self.send(to, 200, b"hello", Content_Type="text/plain", X_Mark="one", Set_Cookie=["a=1", "b=2"])
        elif path == "/gzip":
            self.send(to, 200, gzip.compress(b"unpacked " * 100), Content_Encoding="gzip")
        elif path == "/bomb":
            self.send(to, 200, gzip.compress(b"\0" * (8 << 20)), Content_Encoding="gzip")
        elif path == "/missing":
            self.send(to, 404, b"nothing here")
        elif path == "/to":
            status, _, where = query.partition(",")
            self.send(to, int(status), b"moved", Location=where)
        elif path == "/round":
            self.send(to, 302, b"", Location="/round")
        elif path == "/size":
            self.send(to, 200, b"x" * int(query))
        elif path == "/endless":
            to.send_response(200)
            to.end_headers()
            try:
                while not self.open.is_set():
                    to.wfile.write(b"x" * 65536)
            except OSError:
                pass
            to.close_connection = True
        elif path == "/wait":
            self.open.wait(60)
            self.send(to, 200, b"waited")
        else:
            self.send(to, 200, b"")

    def last(self):
        return self.requests[-1]

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()
