"""The results of a study as lines of text."""

from __future__ import annotations

from typing import Any

from anime_gan.data.kinds import plural
from anime_gan.quiz.kinds import RAPID, RATING
from anime_gan.quiz.score import NO, YES, percent, span

SHOWN = 60  # persons in the text; the file of results has all


def lines(results: dict[str, Any]) -> list[str]:
    """Return the results, for a terminal; names from files are made harmless."""
    pooled, names = results["pooled"], [plain(name) for name in results["generators"]]
    counted = f"prefer {names[0]}" if results["kind"] == RATING else "right"
    text = [
        f"{plural(pooled['persons'], 'participant')}, {plural(pooled['answers'], 'answer')}.",
        f"Pooled: {percent(pooled['value'])} {counted} ({pooled['right']:,} of "
        f"{pooled['answers']:,}), {span(pooled)} over participants and faces; binomial test "
        f"against 50%: {p_value(pooled['p'])}.",
        _preferred(results, names) if results["kind"] == RATING else _fewer(results),
    ]
    if rest := results.get("without_careless"):
        text.append(
            f"Without those who may not have looked: {percent(rest['value'])} of "
            f"{rest['answers']:,}, {span(rest)}."
        )
    if results["shown_too_long"]:
        text.append(
            f"Left out: {plural(results['shown_too_long'], 'answer')} whose face was there for too "
            "long."
        )
    if results["kind"] == RAPID:
        text += _exposures(results)
    if results["kind"] == RATING:
        text += _grades(results)
    return text + _persons(results) + _suspicious(results)


def plain(text: str) -> str:
    """Return a name without what would control a terminal or break a line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def p_value(p: float) -> str:
    """Return a p-value with two digits."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def _fewer(results: dict[str, Any]) -> str:
    """Return the answer to the thesis's question."""
    pooled, question = results["pooled"], "Are fewer than half of the answers right?"
    if results["fewer_than_half"] == YES:
        return (
            f"{question} Yes: the whole interval is below 50%. Generated faces are taken for real "
            "ones more often than real faces are."
        )
    if results["fewer_than_half"] == NO:
        return (
            f"{question} No: the whole interval is above 50%. People can tell real faces from "
            "generated ones."
        )
    if pooled["low"] is None:
        return f"{question} One participant, or one face, can't say."
    return (
        f"{question} Undecided: the interval includes 50%, which is what guessing gives. At most "
        f"{percent(pooled['high'])} are right, so far as these answers can say."
    )


def _preferred(results: dict[str, Any], names: list[str]) -> str:
    if results["fewer_than_half"] == NO:
        return f"Which generator is preferred? {names[0]}: the whole interval is above 50%."
    if results["fewer_than_half"] == YES:
        return f"Which generator is preferred? {names[1]}: the whole interval is below 50%."
    return "Which generator is preferred? Undecided: the interval includes 50%."


def _exposures(results: dict[str, Any]) -> list[str]:
    text = ["Right by exposure (and called real: real faces, generated faces):"]
    for row in results["exposures"]:
        shares = (row["real_called_real"], row["generated_called_real"])
        called = ", ".join("none" if one is None else percent(one["value"]) for one in shares)
        right = row["right"]
        text.append(f"  {row['ms']:,} ms: {percent(right['value'])}, {span(right)} ({called})")
    return text


def _grades(results: dict[str, Any]) -> list[str]:
    def number(value: float) -> str:
        return f"{value:.2f}"

    grades = results["grades"]
    text = ["Mean grades, 1 to 5:"]
    for row in grades["means"]:
        text.append(f"  {plain(row['name'])}: {number(row['value'])}, {span(row, number)}")
    between = grades["difference"]
    names = [plain(row["name"]) for row in grades["means"]]
    value = f"{between['value']:+.2f}, {span(between, lambda x: f'{x:+.2f}')}"
    return [*text, f"  {names[0]} less {names[1]}: {value}"]


def _persons(results: dict[str, Any]) -> list[str]:
    counted = "preferring it" if results["kind"] == RATING else "right"
    text = [f"By participant ({counted}, with the interval of the participant alone):"]
    persons = sorted(results["persons"], key=lambda row: -row["right"] / row["answers"])
    for row in persons[:SHOWN]:
        share = row["right"] / row["answers"]
        text.append(
            f"  {plain(row['file'])}: {row['right']} of {row['answers']}, {percent(share)} "
            f"({percent(row['low'])} to {percent(row['high'])}), {p_value(row['p'])}, "
            f"{row['median_ms'] / 1000:.1f} s an answer"
        )
    if len(persons) > SHOWN:
        text.append(f"  and {len(persons) - SHOWN:,} more, see the results file")
    return text


def _suspicious(results: dict[str, Any]) -> list[str]:
    named = results["suspicious"]
    if not named:
        return ["Suspicious files: none."]
    text = ["Suspicious files:"]
    for one in named:
        state = "left out" if one["is_left_out"] else "counted"
        text.append(f"  {plain(one['name'])}: {one['kind']}, {state}: {plain(one['reason'])}")
    return text
