"""Opens a page in a browser and checks what holds of every page."""

import json
from pathlib import Path

_WIDTH = """
const root = document.documentElement;
return [innerWidth, root.scrollWidth - root.clientWidth];
"""
_IMAGES = """
return [...document.images].map(i => ({alt: i.alt, loaded: i.complete && i.naturalWidth > 0}));
"""


def open_page(browser, path: Path, width: int) -> list[dict]:
    """Return the images ("alt", "loaded") of a page, opened at a width in pixels.

    Fails if an image is not loaded, if the page is wider than the window, requests anything but
    itself, or writes to the console.
    """
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get("about:blank")
    browser.get_log("performance")  # the requests so far
    browser.get(path.as_uri())
    assert browser.execute_script(_WIDTH) == [width, 0]
    images = browser.execute_script(_IMAGES)
    assert all(image["loaded"] for image in images)
    assert browser.get_log("browser") == []
    assert _requests(browser) == [path.as_uri()]
    return images


def _requests(browser) -> list[str]:
    """Return the URLs requested since the log was last read, without data URIs."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith("data:")]
