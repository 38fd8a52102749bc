"""A headless Chromium, as a recipient has it: keys, pictures, what a screen
reader is told.

One for a module: it starts slowly. Nothing of it reaches another machine.
"""

import base64
import json
import os
import pathlib

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from .avis import BUILD

SCREENSHOTS = pathlib.Path(os.environ.get("AVIS_SCREENSHOTS",
                                          BUILD / "screenshots"))
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--ignore-certificate-errors",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
PHONE = (360, 740)
DESK = (1280, 900)
WAIT_S = 20


class Chrome:
    def __init__(self, place):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={place.folder('chromium')}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        log = place.folder("chromium-log") / "chromedriver.log"
        self.driver = webdriver.Chrome(
            service=Service("/usr/bin/chromedriver", log_path=str(log)),
            options=options)
        self.driver.set_page_load_timeout(WAIT_S)
        self.size(PHONE)

    def close(self):
        self.driver.quit()

    def command(self, name, **words):
        return self.driver.execute_cdp_cmd(name, words)

    def size(self, size):
        self.command("Emulation.setDeviceMetricsOverride", width=size[0],
                     height=size[1], deviceScaleFactor=1,
                     mobile=size == PHONE)

    def colours(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def language(self, code):
        self.command("Network.enable")
        self.command("Network.setExtraHTTPHeaders",
                     headers={"Accept-Language": code})

    # -- reading ------------------------------------------------------------

    def open(self, url):
        self.driver.get(url)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    @property
    def heading(self):
        return self.one("h1").text

    @property
    def text(self):
        return self.one("body").text

    def script(self, text, *words):
        return self.driver.execute_script(text, *words)

    def overflow(self):
        """How far the page is wider than the window."""
        return self.script(
            "return document.documentElement.scrollWidth"
            " - document.documentElement.clientWidth")

    def complaints(self):
        """What the browser's console says: blocked by CSP, not found."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def tree(self):
        """What a screen reader is told: [(role, name)]."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"],
                 node.get("name", {}).get("value", ""))
                for node in nodes if not node["ignored"]]

    def picture(self, name):
        """The whole page as build/screenshots/NAME.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        data = self.command("Page.captureScreenshot",
                            captureBeyondViewport=True)["data"]
        path = SCREENSHOTS / f"{name}.png"
        path.write_bytes(base64.b64decode(data))
        return path

    # -- doing --------------------------------------------------------------

    def submit(self, element=None):
        """Presses a button; waits for the next page."""
        self._leave(lambda: (element or self.one("main button")).click())

    def follow(self, element):
        self._leave(element.click)

    def press(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    def press_and_leave(self, *keys):
        self._leave(lambda: self.press(*keys))

    def tab_to(self, wanted, most=60):
        """Tab until wanted(element) holds; the elements passed on the way."""
        passed = []
        for _ in range(most):
            self.press(Keys.TAB)
            element = self.driver.switch_to.active_element
            passed.append(element)
            if wanted(element):
                return passed
        raise AssertionError(
            "never reached: " + json.dumps([e.tag_name for e in passed]))

    def _leave(self, deed):
        before = self.one("html")
        deed()
        WebDriverWait(self.driver, WAIT_S).until(
            lambda _: self._is_gone(before))
        WebDriverWait(self.driver, WAIT_S).until(
            lambda d: d.execute_script("return document.readyState")
            == "complete")

    @staticmethod
    def _is_gone(element):
        try:
            element.is_enabled()
        except Exception:  # stale: another page is there
            return True
        return False
