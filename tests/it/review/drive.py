"""Drives a file in headless Chromium over its debugging pipe, with nothing but Python's own library.

drive.py BROWSER FILE FOLDER SCREENSHOT: opens FILE, presses keys, filters, saves decisions into FOLDER. Prints one JSON
object of what was seen.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

browser, page, folder, screenshot = sys.argv[1:5]
to_browser, from_us = os.pipe()
from_browser, to_us = os.pipe()


def pipes():
    # The browser reads from 3 and writes to 4.
    one, two = os.dup(to_browser), os.dup(to_us)
    os.dup2(one, 3)
    os.dup2(two, 4)


profile = tempfile.mkdtemp()
process = subprocess.Popen(
    [browser, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={profile}",
     "--no-first-run", "--disable-background-networking", "--window-size=1100,900", "about:blank"],
    close_fds=False, preexec_fn=pipes, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(to_browser)
os.close(to_us)
number, buffer, events = 0, b"", []


def read():
    global buffer
    while b"\0" not in buffer:
        piece = os.read(from_browser, 1 << 20)
        if not piece:
            raise SystemExit("the browser has gone away")
        buffer += piece
    message, buffer = buffer.split(b"\0", 1)
    return json.loads(message)


def call(method, session=None, **params):
    global number
    number += 1
    message = {"id": number, "method": method, "params": params}
    if session:
        message["sessionId"] = session
    os.write(from_us, json.dumps(message).encode() + b"\0")
    while True:
        answer = read()
        if answer.get("id") == number:
            if "error" in answer:
                raise SystemExit(f"{method}: {answer['error']}")
            return answer["result"]
        events.append(answer)


target = call("Target.createTarget", url="about:blank")["targetId"]
session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
for domain in ["Page", "Network", "Runtime", "Log"]:
    call(domain + ".enable", session)
call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
call("Page.navigate", session, url="file://" + page)


def value(expression):
    result = call("Runtime.evaluate", session, expression=expression, returnByValue=True, userGesture=True)
    if "exceptionDetails" in result:
        raise SystemExit(f"{expression}: {result['exceptionDetails']}")
    return result["result"].get("value")


def until(expression):
    for _ in range(300):
        if value(expression):
            return
        time.sleep(0.05)
    raise SystemExit("never: " + expression)


def press(key):
    for kind in ["keyDown", "keyUp"]:
        text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
        call("Input.dispatchKeyEvent", session, type=kind, key=key, **text)


COUNTS = "document.getElementById('counts').textContent"
SHOWN = "document.querySelectorAll('article:not([hidden])').length"
until("document.readyState === 'complete' && document.querySelectorAll('article').length > 0")
seen = {
    "cards": value(SHOWN),
    "pictures": value("[...document.images].filter((image) => image.complete && image.naturalWidth > 50).length"),
    "text": value("document.body.innerText"),
    "evil": value("typeof window.evil"),
    "options": value("[...document.getElementById('person').options].map((option) => option.text)"),
}
for key in "ccr":
    press(key)
seen["after_three"] = value(COUNTS)
press("u")
seen["after_undo"] = value(COUNTS)
# The cursor stands on the fourth; back to the third.
press("ArrowLeft")
press("r")
seen["after_again"] = value(COUNTS)


def choose(field, text):
    value(f"(() => {{ const field = document.getElementById('{field}'); field.value = {json.dumps(text)};"
          " field.dispatchEvent(new Event('input')); })()")


choose("person", seen["options"][2])
seen["of_second"] = value(SHOWN)
choose("person", "")
choose("least", "0.405")
seen["from_score"] = value(SHOWN)
value("document.getElementById('all').click()")
seen["all_shown"] = value(COUNTS)
choose("least", "0")
shot = call("Page.captureScreenshot", session)["data"]
with open(screenshot, "wb") as file:
    import base64
    file.write(base64.b64decode(shot))
value("document.getElementById('save').click()")
saved = os.path.join(folder, "decisions.csv")
for _ in range(200):
    if os.path.exists(saved):
        break
    time.sleep(0.05)
with open(saved, newline="") as file:
    seen["csv"] = file.read()
urls = [event["params"]["request"]["url"] for event in events if event.get("method") == "Network.requestWillBeSent"]
seen["requests"] = [url for url in urls if not url.startswith(("data:", "blob:", "file://", "about:"))]
seen["files"] = sorted({url for url in urls if url.startswith("file://")})
seen["errors"] = [event["params"] for event in events
                  if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
# What the page's policy does not let through.
seen["fetch"] = call("Runtime.evaluate", session, awaitPromise=True, returnByValue=True,
                     expression="fetch('https://example.org/').then(() => 'went out', () => 'refused')")["result"]["value"]
print(json.dumps(seen))
process.kill()
