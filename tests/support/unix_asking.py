"""A program for another user's Python: `python -c ASK SOCKET METHOD PATH` writes the status of the
answer, or why there is none. With `--as USER GROUP` (numbers) before SOCKET root becomes that user
once all is imported, so its Python may lie where only root looks."""

ASK = """
import http.client, os, socket, sys
words = sys.argv[1:]
if words[0] == "--as":
    user, group = int(words[1]), int(words[2])
    words = words[3:]
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
asking = http.client.HTTPConnection("box", timeout=30)
asking.sock = socket.socket(socket.AF_UNIX)
try:
    asking.sock.connect(words[0])
    asking.request(words[1], words[2], "{}", {"Content-Type": "application/json"})
    print(asking.getresponse().status)
except OSError as error:
    print(type(error).__name__)
"""
