"""The status page in headless Chromium, on the built daemon and sandbox: scripts/test-page runs it."""
import argparse, contextlib, hashlib, http.client, json, os, re, signal, socket, subprocess, sys, tempfile, threading, time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

options = argparse.ArgumentParser(prog="scripts/test-page", allow_abbrev=False)
options.add_argument("--bin", required=True, help="the folder of the built programs")
options.add_argument("--shots", help="a folder for screenshots")
options = options.parse_args()
folder = tempfile.mkdtemp(prefix="page.")
processes = []
checks = 0


def say(text): print(f"page: {text}", flush=True)


def check(fact, what):
    global checks
    checks += 1
    if not fact: raise SystemExit(f"page: FAILED: {what}")


def wait(fact, what, limit=60):
    end = time.monotonic() + limit
    while True:
        with contextlib.suppress(StaleElementReferenceException):
            if fact(): break
        if time.monotonic() > end: raise SystemExit(f"page: FAILED: waited {limit} s in vain for {what}")
        time.sleep(0.05)
    global checks
    checks += 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(arguments, log):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT)
    processes.append(process)
    return process


def end(process):
    process.terminate()
    try: process.wait(20)
    except subprocess.TimeoutExpired: process.kill(); process.wait()
    processes.remove(process)


def answers(port, path="/livez"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Authorization": "Bearer demo"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, http.client.HTTPException): return 0, {}, b""
    finally: connection.close()


sandbox_port, port = free_port(), free_port()
base = f"http://127.0.0.1:{port}"


def control(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox_port, timeout=10)
    connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body else None)
    check(connection.getresponse().status < 300, f"the sandbox takes {path}")
    connection.close()


READER = f"  reader:\n    key_sha256: {hashlib.sha256(b'reader').hexdigest()}\n    tokens: [\"*\"]\n"


def write(clients=""):
    text = open("config/config.yaml").read().replace("127.0.0.1:8700", f"127.0.0.1:{sandbox_port}").replace("127.0.0.1:8653", f"127.0.0.1:{port}")
    text = text.replace("\ntokens:\n", f"\n{READER}{clients}\ntokens:\n", 1) + f"store: {{sqlite: {folder}/tokens.db}}\n"
    with open(f"{folder}/config.yaml", "w") as file: file.write(text)
    os.chmod(f"{folder}/config.yaml", 0o600)


def start():
    daemon = launch([f"{options.bin}/tokenbroker", "serve", "--config", f"{folder}/config.yaml"], f"{folder}/daemon.log")
    wait(lambda: answers(port, "/readyz")[0] == 200 or daemon.poll() is not None, "the daemon to be ready")
    check(daemon.poll() is None, open(f"{folder}/daemon.log").read()[-800:])
    return daemon


def browser(dark=False, width=1200, height=1000):
    settings = webdriver.ChromeOptions()
    settings.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                     "--disable-component-update", "--no-first-run", f"--window-size={width},{height}", f"--user-data-dir={tempfile.mkdtemp(dir=folder)}"):
        settings.add_argument(argument)
    settings.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    from selenium.webdriver.chrome.service import Service
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=settings)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    return driver


def text(driver, id): return driver.execute_script("return document.getElementById(arguments[0]).textContent", id)
def shown(driver, id): return driver.find_element(By.ID, id).is_displayed()
def focused(driver): return driver.execute_script("const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.textContent.trim()")


def row(driver, name):
    return next(item for item in driver.find_elements(By.CSS_SELECTOR, "#tokens > li") if item.find_element(By.TAG_NAME, "h3").text == name)


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains
    ActionChains(driver).send_keys(*keys).perform()


def open_with(driver, key):
    wait(lambda: shown(driver, "door"), "the form for the key")
    check(focused(driver) == "key", "the key's field has the focus")
    press(driver, key, Keys.ENTER)


def tab_to(driver, label, limit=60):
    for _ in range(limit):
        press(driver, Keys.TAB)
        if focused(driver) == label: return
    raise SystemExit(f"page: FAILED: no key leads to {label}")


CONTRAST = r"""
const parse = text => { const n = text.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n.length > 3 ? n[3] : 1 }; };
const light = rgb => { const l = rgb.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
const found = [];
for (const element of document.querySelectorAll('body *')) {
  if (!element.checkVisibility || !element.checkVisibility() || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
  if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
  let back = element, color;
  while (back && !(color = parse(getComputedStyle(back).backgroundColor)).alpha) back = back.parentElement;
  const ink = parse(getComputedStyle(element).color);
  const a = light(ink.rgb), b = light(color.alpha ? color.rgb : [255, 255, 255]);
  found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.trim().slice(0, 40)]);
}
return found.sort((x, y) => x[0] - y[0]);
"""
# What has a name for those who cannot see it, as axe-core's rules of the same subjects want it.
NAMES = r"""
const problems = [];
for (const e of document.querySelectorAll('button, input, a, [role=img], svg')) {
  const by = e.getAttribute('aria-labelledby');
  const name = e.getAttribute('aria-label') || by && document.getElementById(by) && document.getElementById(by).textContent || e.labels && e.labels[0] && e.labels[0].textContent || e.textContent;
  if (e.checkVisibility() && !name.trim()) problems.push(e.outerHTML.slice(0, 80));
}
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
if (new Set(ids).size !== ids.length) problems.push('an id twice');
if (!document.documentElement.lang) problems.push('no language');
const levels = [...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1]);
if (levels.some((level, place) => place && level > levels[place - 1] + 1)) problems.push('a heading level left out');
return problems;
"""


def contrast(driver, what):
    found = driver.execute_script(CONTRAST)
    check(len(found) > 20, f"{what}: texts were measured")
    check(found[0][0] >= 4.5, f"{what}: contrast {found[0]}")
    say(f"{what}: {len(found)} texts, least contrast {found[0][0]:.2f} ({found[0][1]})")


def shot(driver, name):
    if options.shots:
        os.makedirs(options.shots, exist_ok=True)
        height = driver.execute_script("return document.documentElement.scrollHeight")
        image = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": driver.execute_script("return innerWidth"), "height": height, "scale": 1}})
        import base64
        with open(f"{options.shots}/{name}.png", "wb") as file: file.write(base64.b64decode(image["data"]))


def logs_are_clean(driver, *allowed):
    """No console error but of requests that are meant to fail, and no request to elsewhere."""
    for entry in driver.get_log("browser"):
        ok = entry["level"] in ("INFO", "DEBUG") or any(word in entry["message"] for word in allowed)
        check(ok, f"the console says: {entry['message']}")
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            check(re.match(r"http://(127\.0\.0\.1|localhost):\d+/|data:|about:|chrome:", url), f"a request to {url}")


def key_alone(driver):
    driver.get(base)
    open_with(driver, "wrong")
    wait(lambda: "not the key of a client" in text(driver, "why"), "the refusal of a wrong key")
    open_with(driver, "reader")
    wait(lambda: "needs the permission admin" in text(driver, "why"), "the refusal of a client without admin")
    shot(driver, "door")
    open_with(driver, "demo")
    wait(lambda: len(driver.find_elements(By.CSS_SELECTOR, "#tokens > li")) == 6, "six tokens")
    wait(lambda: text(driver, "summary").startswith("ready: 6/6 tokens"), "the summary")
    check("ready" in driver.title, "the title says ready")
    stored = driver.execute_script("return [localStorage.length, sessionStorage.length, document.cookie, location.href]")
    check(stored[:3] == [0, 0, ""] and "demo" not in stored[3], "the key is kept nowhere")
    logs_are_clean(driver, "status of 401", "status of 403")


def values_are_absent(driver):
    page = driver.page_source
    for name in ("zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"):
        value = json.loads(answers(port, f"/v1/tokens/{name}")[2])["access_token"]
        check(value not in page, f"the token of {name} is not in the page")
    for secret in ("sandbox-api-key", "sandbox-password", "sandbox-api-secret"): check(secret not in page, "no secret is in the page")


def updates(driver):
    before = row(driver, "zapper").text
    wait(lambda: row(driver, "zapper").text != before, "the page to change by itself")
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(40): connection.request("GET", "/v1/tokens/zapper", headers={"Authorization": "Bearer reader"}); connection.getresponse().read()
    wait(lambda: re.search(r"reader\s+[\d.]+ ?\d* 4\d", driver.find_element(By.ID, "callers").text.replace("\n", " ")), "the caller's requests")
    wait(lambda: "6 succeeded" in text(driver, "counted") or "succeeded" in text(driver, "counted"), "the chart")
    check(len(driver.find_elements(By.CSS_SELECTOR, "#chart rect.ok")) >= 1, "a bar of logins")
    check("SQLite" in text(driver, "daemon"), "the store")


def keyboard(driver):
    before = answers(port, "/v1/tokens/zetasafe/status")[2]
    driver.execute_script("document.activeElement.blur()")
    tab_to(driver, "Refresh zetasafe ")
    outline = driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    check(outline != "none", "the focus can be seen")
    press(driver, Keys.ENTER)
    wait(lambda: text(driver, "said") == "zetasafe has a new token.", "the refresh")
    check(json.loads(before)["fingerprint"] != json.loads(answers(port, "/v1/tokens/zetasafe/status")[2])["fingerprint"], "the token is another one")
    time_of_focus = focused(driver)
    wait(lambda: "just now" in text(driver, "fresh"), "an update")
    check(focused(driver) == time_of_focus == "Refresh zetasafe ", "an update leaves the focus where it is")
    tab_to(driver, "API description")


def failure(driver):
    control("POST", "faults/pulsecrm", {"kind": "error"})
    row(driver, "pulsecrm").find_element(By.TAG_NAME, "button").click()
    wait(lambda: "stale" in row(driver, "pulsecrm").text and "To do:" in row(driver, "pulsecrm").text, "the failing partner")
    check("pulsecrm: " in text(driver, "said"), "the refused refresh is explained")
    check(driver.find_element(By.CSS_SELECTOR, "#tokens > li h3").text == "pulsecrm", "trouble comes first")
    check(driver.find_elements(By.CSS_SELECTOR, "#chart rect.no"), "the failed login is in the chart")
    contrast(driver, "light, with a failure")
    shot(driver, "light")
    control("DELETE", "faults/pulsecrm")
    wait(lambda: row(driver, "pulsecrm").text.find("fresh") > 0 and "To do:" not in row(driver, "pulsecrm").text, "the recovery", limit=90)
    logs_are_clean(driver, "status of 401", "status of 403", "status of 503")


def restart(driver, daemon):
    end(daemon)
    wait(lambda: shown(driver, "alert") and "no answer" in driver.title, "the page to say that the daemon is gone")
    check("cannot be reached" in text(driver, "alert") and "said before" in text(driver, "alert"), "what it says")
    contrast(driver, "light, without the daemon")
    daemon = start()
    wait(lambda: not shown(driver, "alert") and "ready" in driver.title, "the page to go on")
    check("6 more" not in text(driver, "counted") and int(re.search(r"([\d,]+) succeeded", text(driver, "counted")).group(1)) >= 6, "logins before the restart still count")
    logs_are_clean(driver, "status of 401", "status of 403", "status of 503", "net::ERR")
    return daemon


def relay(to):
    """What ssh -L does: another port of this host whose bytes go to the daemon."""
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536): sink.sendall(data)
        with contextlib.suppress(OSError): sink.shutdown(socket.SHUT_WR)

    def serve():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", to))
            for pair in ((client, server), (server, client)): threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def by_user(daemon):
    """An allowed user needs no key: dark, on a phone, and through a forwarded port."""
    import pwd
    write(f"  me:\n    user: {pwd.getpwuid(os.geteuid()).pw_name}\n    tokens: [\"*\"]\n    may: [admin]\n")
    daemon.send_signal(signal.SIGHUP)
    wait(lambda: b"reloaded" in open(f"{folder}/daemon.log", "rb").read() or b"configuration applied" in open(f"{folder}/daemon.log", "rb").read(), "the reload")
    for name, dark, width, token in (("dark", True, 1200, "sparrowsms"), ("phone", False, 360, "zapper"), ("phone-dark", True, 360, "zipteams")):
        driver = browser(dark, width)
        try:
            driver.get(f"http://localhost:{relay(port)}/")
            wait(lambda: len(driver.find_elements(By.CSS_SELECTOR, "#tokens > li")) == 6, f"the tokens, {name}")
            check(not shown(driver, "door"), "no key is wanted")
            row(driver, token).find_element(By.TAG_NAME, "button").click()
            wait(lambda: text(driver, "said") == f"{token} has a new token.", "a refresh through the forwarded port")
            wide = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
            check(wide[0] <= wide[1], f"{name}: nothing is wider than the screen {wide}")
            contrast(driver, name)
            check(driver.execute_script(NAMES) == [], f"{name}: names {driver.execute_script(NAMES)}")
            shot(driver, name)
            logs_are_clean(driver)
        finally: driver.quit()


def page_itself():
    status, headers, body = answers(port, "/")
    check(status == 200 and len(body) < 30_000, f"the page has {len(body)} bytes")
    policy = headers["Content-Security-Policy"]
    check("default-src 'none'" in policy and "unsafe" not in policy, policy)
    check(not re.search(rb"(src|href)=\"(https?:)?//", body) and not re.search(rb"\son[a-z]+=", body), "no outside resource, no inline handler")
    say(f"{len(body):,} bytes; {policy[:60]}…")


def main():
    launch([f"{options.bin}/partner-sandbox", "--port", str(sandbox_port)], f"{folder}/sandbox.log")
    wait(lambda: answers(sandbox_port, "/")[0] > 0, "the sandbox")
    write()
    daemon = start()
    page_itself()
    driver = browser()
    try:
        key_alone(driver)
        values_are_absent(driver)
        updates(driver)
        check(driver.execute_script(NAMES) == [], f"names {driver.execute_script(NAMES)}")
        keyboard(driver)
        failure(driver)
        daemon = restart(driver, daemon)
    finally: driver.quit()
    by_user(daemon)
    say(f"{checks} checks hold")


try:
    main()
finally:
    for process in list(processes): end(process)
    subprocess.run(["rm", "-rf", folder])
