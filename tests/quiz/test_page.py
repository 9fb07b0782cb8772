"""A quiz in a browser, from consent to the saved file: by mouse, by keyboard and by touch."""

import time
from pathlib import Path

import pytest

from anime_gan.quiz import make
from anime_gan.quiz.answers import read_person
from anime_gan.quiz.kinds import LOCK, PAIRS, RAPID, RATING
from tests.quiz.quizzes import small_quiz
from tests.web.axe import serious_faults
from tests.web.opening import open_page

HOSTILE = "</script><img src=x onerror=window.hacked=1>'\"&"
SECTION = """
return [...document.querySelectorAll("section")].filter(one => !one.hidden).map(one => one.id)[0];
"""
PARTS = """
return ["pair", "labels", "grades"].filter(id => document.getElementById(id).checkVisibility())[0];
"""
BOXES = """
return [...document.querySelectorAll("#pair canvas")].map(one => one.getBoundingClientRect());
"""
LEFT, RIGHT, TAB, ENTER, SPACE = "\ue012", "\ue014", "\ue004", "\ue007", " "
CUT_OFF = """
const cut = one => {
  const box = one.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1);
};
return [...document.querySelectorAll("main, main *")].filter(cut).map(one => one.outerHTML);
"""


class Participant:
    """Goes through a quiz by one way of input.

    means: "mouse", "keyboard" or "touch".
    """

    def __init__(self, browser, means: str):
        self.browser, self.means, self.seen = browser, means, set()

    def press(self, selector: str) -> None:
        """Press a button, as the participant does."""
        button = self.browser.find_element("css selector", selector)
        if self.means == "mouse":
            button.click()
        elif self.means == "touch":
            self.tap(button)
        else:
            for _ in range(30):
                if self.browser.switch_to.active_element == button:
                    break
                self.browser.switch_to.active_element.send_keys(TAB)
            assert self.browser.switch_to.active_element == button, selector
            button.send_keys(SPACE if "checkbox" in selector else ENTER)

    def tap(self, button) -> None:
        """Touch the middle of a button, as a finger does."""
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        box = self.browser.execute_script("return arguments[0].getBoundingClientRect()", button)
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind, points in (("touchStart", [point]), ("touchEnd", [])):
            values = {"type": kind, "touchPoints": points}
            self.browser.execute_cdp_cmd("Input.dispatchTouchEvent", values)

    def choose(self, part: str, number: int) -> None:
        """Answer the trial that is shown."""
        if self.means == "keyboard" and part != "grades":
            self.browser.switch_to.active_element.send_keys((LEFT, RIGHT)[number])
        else:
            self.press(f"#{part} button:nth-of-type({number + 1})")

    def run(self, choices, look=lambda section: None) -> int:
        """Go through the quiz; choices: of the trials and the practice, in turn, 0 or 1.

        look: called once for each kind of screen. Returns the number of trials answered.
        """
        self.press("[type=checkbox]")
        self.press("#consent button")
        answered, end = 0, time.monotonic() + 60
        while (section := self.browser.execute_script(SECTION)) != "end":
            assert time.monotonic() < end, section
            part = self.browser.execute_script(PARTS) if section == "trial" else section
            if part not in self.seen:
                self.seen.add(part)
                look(part)
            if section == "pause":
                self.press("#pause button")
                continue
            before = self.browser.find_element("id", "progress").text
            time.sleep(0.22)  # the page does not take an answer sooner
            self.choose(part, choices[answered % len(choices)])
            answered += self.went_on(before)
        look("end")
        return answered

    def went_on(self, before: str) -> bool:
        """Say whether a choice was taken: a rapid quiz takes none while a face is shown."""
        end = time.monotonic() + 0.15
        while time.monotonic() < end:
            section = self.browser.execute_script(SECTION)
            if section != "trial" or self.browser.find_element("id", "progress").text != before:
                return True
        return False


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens a small quiz: the participant, and its key."""
    folder = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", folder)

    def open_quiz(kind, width, means, **options):
        page, key = small_quiz(kind, **options)
        path = tmp_path / 'a <img src=x onerror=alert(1)> "quiz\'s".html'
        make.write(page, key, path, tmp_path / "quiz_key.json")
        open_page(browser, path, width)
        touch = {"enabled": means == "touch", "maxTouchPoints": 1}
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)
        return Participant(browser, means), key

    return open_quiz


def saved(participant, folder: Path) -> Path:
    """The file that the button saves."""
    participant.press("#save")
    end = time.monotonic() + 20
    while not (found := [*folder.glob("answers_*.json")]):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


@pytest.mark.parametrize(("means", "width"), [("mouse", 1280), ("touch", 390), ("keyboard", 390)])
def test_a_whole_quiz(opened, browser, tmp_path, means, width):
    """Of each kind. The file is one that the key accepts, with the choices that were made.

    Nothing is requested, the console stays empty, and nothing is cut off.
    """
    for kind, practice in ((PAIRS, 2), (RATING, 4), (RAPID, 4)):
        participant, key = opened(kind, width, means)

        def look(part):
            assert browser.execute_script(CUT_OFF) == [], part

        choices = [0, 1, 1]
        answered = participant.run(choices, look)
        path = saved(participant, tmp_path)
        person = read_person(path, key)
        assert answered == practice + len(person.answers)
        made = [choices[number % 3] for number in range(practice, answered)]
        grades = [len(trial) == 1 for trial in person.trials]
        expected = [one + is_grade for one, is_grade in zip(made, grades, strict=True)]
        assert [answer.choice for answer in person.answers] == expected
        assert person.name == f"answers_{person.participant[:8]}.json"
        assert browser.find_element("id", "number").text == person.participant[:8]
        assert browser.find_element("id", "text").get_attribute("value") == path.read_text()
        score = browser.find_element("id", "score").text
        assert f" in {sum(person.right)} of {len(person.right)}" in score
        if kind == RAPID:
            planned = [key.exposures[trial[2]] for trial in person.trials]
            late = [a.exposure - p for a, p in zip(person.answers, planned, strict=True)]
            assert min(late) > -5 and min(late) < 40  # a busy machine has few frames
        path.unlink()
        assert browser.get_log("browser") == []
        assert "http" not in str(browser.get_log("performance")).replace("http-equiv", "")


def test_consent_comes_first(opened, browser):
    """Without the mark, the button does not begin; what the page shows is said before."""
    participant, _ = opened(PAIRS, 390, "mouse", contact="Ada, room 7")
    briefing = browser.find_element("id", "briefing").text
    for words in ("4 pairs", "close the page", "sends nothing", "belong to these", "Ada, room 7"):
        assert words in briefing, words
    assert "hand-written rules" not in briefing
    participant.press("#consent button")
    assert browser.execute_script(SECTION) == "briefing"
    participant.press("[type=checkbox]")
    participant.press("#consent button")
    assert browser.execute_script(SECTION) == "pause"


def test_practice_says_what_is_right_and_the_quiz_does_not(opened, browser):
    """Each practice pair, and none of those that count."""
    participant, _ = opened(PAIRS, 390, "mouse")
    heads = []

    def look(part):
        participant.seen.discard("pause")
        heads.append(browser.find_element("css selector", "#pause h2").text)

    participant.run([0], look)
    told = [head for head in heads if head in ("Right", "Not right")]
    assert len(told) == 2 and heads[0] == "Practice" and "The quiz" in heads


def test_a_double_click_answers_once(opened, browser):
    """A press too soon after a trial appears does nothing, however often; a later one answers."""
    participant, _ = opened(PAIRS, 1280, "mouse")
    assert browser.execute_script("return quiz.lock") == LOCK
    browser.execute_script("quiz.lock = 60000")  # so that the test need not be quick
    participant.press("[type=checkbox]")
    participant.press("#consent button")
    participant.press("#pause button")
    for _ in range(5):
        time.sleep(0.1)
        participant.press("#pair button")
    assert browser.execute_script(SECTION) == "trial"
    browser.execute_script("quiz.lock = 0")
    end = time.monotonic() + 20
    while browser.execute_script(SECTION) == "trial":
        assert time.monotonic() < end
        participant.press("#pair button")
    assert browser.find_element("css selector", "#pause button").text == "Next"


def test_the_second_click_of_a_slow_double_click_is_no_answer(opened, browser):
    """It comes later than the page is locked; the browser counts it as the second one."""
    participant, _ = opened(PAIRS, 1280, "mouse")
    browser.execute_script("quiz.practice = []")
    for selector in ("[type=checkbox]", "#consent button", "#pause button", "#pause button"):
        participant.press(selector)
    left = browser.execute_script(BOXES)[0]
    where = {"x": left["x"] + 50, "y": left["y"] + 50, "button": "left"}
    seen = []
    time.sleep(0.3)
    first = time.time()
    # The second click says that it came 0.3 s after the first, however busy the machine is.
    for clicks, when in ((1, lambda: first), (2, lambda: first + 0.3), (1, time.time)):
        where["timestamp"] = when()
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "clickCount": clicks, **where}
            browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
        time.sleep(0.4)
        seen.append(browser.find_element("id", "progress").text)
    assert seen == ["2 of 4", "2 of 4", "3 of 4"]


def test_leaving_asks_first_and_a_reload_begins_anew(opened, browser):
    """Until the answers are saved or copied. Consent is not remembered, nor is anything else."""
    asks = "return !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    participant, _ = opened(PAIRS, 390, "mouse")
    assert not browser.execute_script(asks)
    participant.press("[type=checkbox]")
    participant.press("#consent button")
    assert browser.execute_script(asks)
    browser.refresh()
    assert browser.execute_script(SECTION) == "briefing"
    assert not browser.find_element("css selector", "[type=checkbox]").is_selected()
    participant.run([0, 1])
    assert browser.execute_script(asks)
    participant.press("#save")
    assert not browser.execute_script(asks)
    stored = "return [localStorage.length, sessionStorage.length, document.cookie, location.hash]"
    assert browser.execute_script(stored) == [0, 0, "", ""]


def test_two_tabs_are_two_participants(opened, browser):
    """Nothing is shared between them: another number, another order."""
    participant, _ = opened(PAIRS, 390, "mouse")
    numbers, first = [], browser.current_window_handle
    for _ in range(2):
        page = browser.current_url
        participant.run([0])
        numbers.append(browser.find_element("id", "number").text)
        browser.switch_to.new_window("tab")
        browser.get(page)
    assert numbers[0] != numbers[1]
    browser.switch_to.window(first)
    assert browser.find_element("id", "number").text == numbers[0]


def test_copying_as_text(opened, browser, tmp_path):
    """The text that is copied is the file's."""
    participant, key = opened(PAIRS, 1280, "mouse")
    permission = {"permission": {"name": "clipboard-read"}, "setting": "granted"}
    browser.execute_cdp_cmd("Browser.setPermission", permission)
    participant.run([0, 1])
    participant.press("#copy")
    read = "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
    text = browser.execute_async_script(read)
    (tmp_path / "pasted.txt").write_text(text)
    assert len(read_person(tmp_path / "pasted.txt", key).answers) == 4
    assert browser.find_element("id", "done").text == "Copied."


def test_axe_finds_no_serious_fault(opened, browser):
    """On each kind of screen, light and dark."""
    for kind, scheme in ((PAIRS, "dark"), (RATING, "light"), (RATING, "dark"), (RAPID, "light")):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        participant, _ = opened(kind, 390, "mouse", contact="a@b.example")
        assert serious_faults(browser) == []
        seen = []

        def look(part, seen=seen):
            seen.append(part)
            assert serious_faults(browser) == [], part

        participant.run([0], look)
        assert seen[0] == "pause" and seen[-1] == "end" and len(seen) >= 3
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(20, 24, 29)" if scheme == "dark" else "rgb(255, 255, 255)")


def test_hostile_names_run_nothing(opened, browser):
    """Names of runs, which the last screen of a rating shows, and the contact."""
    names = (HOSTILE, HOSTILE + "2")
    participant, _ = opened(RATING, 390, "mouse", names=names, contact=HOSTILE)
    participant.run([0, 1])
    assert HOSTILE in browser.find_element("id", "score").text
    assert HOSTILE in browser.find_element("id", "end").text.split("Questions: ")[1]
    assert browser.execute_script("return [window.hacked, document.images.length]") == [None, 0]
    assert browser.get_log("browser") == []


def test_faces_are_as_large_as_the_window_allows(opened, browser):
    """Both faces of a pair beside each other, equal and square, without scrolling sideways."""
    for width in (390, 768, 1920):
        participant, _ = opened(PAIRS, width, "mouse")
        participant.press("[type=checkbox]")
        participant.press("#consent button")
        participant.press("#pause button")
        left, right = browser.execute_script(BOXES)
        assert left["y"] == right["y"] and left["x"] < right["x"]
        for box in (left, right):
            assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] >= 150
        assert browser.execute_script(CUT_OFF) == []
