"""Faults of accessibility that axe-core finds in an open page.

`make test` fetches axe-core (npm, MPL-2.0) into the environment; without it, tests are skipped.
"""

import sys
from pathlib import Path

import pytest

AXE = Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js"
_RUN = """
const done = arguments[arguments.length - 1];
axe.run({resultTypes: ["violations"]}).then(found => done(found.violations.map(one =>
  `${one.impact}: ${one.help}: ${one.nodes.map(node => node.html).join(" ")}`)));
"""


def serious_faults(browser) -> list[str]:
    """Return the serious and critical faults of the page as it is shown now."""
    if not AXE.is_file():
        pytest.skip(f"no axe-core; npm install --prefix {AXE.parents[2]} axe-core@4.14.1")
    if not browser.execute_script("return Boolean(window.axe)"):
        browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(_RUN)
    return [fault for fault in found if fault.startswith(("serious", "critical"))]
