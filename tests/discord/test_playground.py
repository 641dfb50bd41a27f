"""The playground, as a person meets it: a page in the browser where they ask, press and read."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.ask.question import EXAMPLES
from bot.client import Knowledge
from bot.errors import StartupError
from bot.playground import CHANNEL, play
from bot.settings import Settings
from tests.discord.world import COVERED, NOT_COVERED

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


@pytest.fixture
async def address(bot_settings: Settings, knowledge: Knowledge) -> AsyncIterator[str]:
    """Where the playground is."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    playing = asyncio.create_task(play(bot_settings, knowledge=knowledge, on_ready=ready.set_result))
    either: set[asyncio.Future[Any]] = {playing, ready}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    if playing.done():
        playing.result()
    yield ready.result()
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
async def page(request: pytest.FixtureRequest, address: str) -> AsyncIterator[Page]:
    """The page, open in Chromium."""
    width, height = request.param
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(address)
        await expect(page.get_by_text("Welcome!").last).to_be_visible()  # what is typed before that may be lost
        yield page
        await browser.close()


async def write(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message", exact=True)
    await box.fill(text)
    await box.press("Enter")


async def select(page: Page, name: str, option: str) -> None:
    """Opens the list again where the page closed it, as it does when it draws the message anew."""
    offered = page.get_by_role("option", name=option, exact=True)
    for _ in range(10):
        await page.get_by_role("combobox", name=name).click()
        with suppress(AssertionError):
            await expect(offered).to_be_visible(timeout=1_000)
            break
    await offered.click()


@needs_chromium
async def test_a_person_asks_reads_the_sources_and_votes(page: Page) -> None:
    await expect(page.get_by_text(CHANNEL).first).to_be_attached()
    await expect(page.get_by_text("Welcome!").last).to_be_visible()

    await write(page, COVERED)
    await page.get_by_role("button", name="Sources").click()
    await expect(page.get_by_text("Confidence:")).to_be_visible()

    await page.get_by_role("button", name="👍").click()
    await expect(page.get_by_text("Good to know that it helped").last).to_be_visible()


@needs_chromium
async def test_a_person_presses_an_example_and_a_suggestion(page: Page) -> None:
    await page.get_by_role("button", name=EXAMPLES[0]).click()
    await expect(page.get_by_role("button", name="Sources")).to_have_count(1)

    await write(page, NOT_COVERED)
    closest = page.get_by_text("The closest that I can answer").last
    await expect(closest).to_be_visible()
    await page.get_by_role("button", name="?").last.click()
    await expect(page.get_by_role("button", name="Sources")).to_have_count(2)


@needs_chromium
async def test_a_person_compares_everything_and_then_one_aspect(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message", exact=True)
    await box.press_sequentially("/comp")
    await page.get_by_role("option", name="/compare").click()
    await page.get_by_role("button", name="Send").last.click()

    picture = page.get_by_role("img", name="Cost: Low: no training run")
    await expect(picture).to_have_js_property("naturalWidth", 700)

    await select(page, "Look at an aspect", "Cost")
    await expect(page.get_by_text("Prompt engineering is cheaper to start")).to_be_visible()
    await expect(picture).to_have_count(0)

    await page.get_by_role("button", name="All aspects").click()
    await expect(picture).to_be_visible()


@needs_chromium
async def test_a_person_goes_on_with_the_button_and_by_reply(page: Page) -> None:
    await write(page, "What does prompt engineering cost?")
    await page.get_by_role("button", name="Follow up").click()
    await page.get_by_role("textbox", name="What else do you want to know?").fill("and fine-tuning?")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("Understood as: What does fine-tuning cost?").last).to_be_attached()

    await page.get_by_role("button", name="Reply").last.dispatch_event("click")
    await write(page, "and which is cheaper?")
    understood = "Understood as: which is cheaper, prompt engineering or fine-tuning?"
    await expect(page.get_by_text(understood).last).to_be_attached()


async def test_a_port_that_is_taken_is_named(bot_settings: Settings, knowledge: Knowledge) -> None:
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]

        with pytest.raises(StartupError, match=str(port)):
            await play(bot_settings, knowledge=knowledge, port=port)


@needs_chromium
async def test_a_person_is_interviewed_and_gets_a_recommendation(page: Page) -> None:
    await write(page, "/recommend")
    await page.keyboard.press("Enter")
    await page.locator("[data-option=project]").last.fill("10,000 labelled tickets, live by Friday")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="That's right, go on").last.click()

    await page.get_by_role("button", name="I don't know").last.click()
    await page.get_by_role("button", name="Show the result").last.click()

    await expect(page.get_by_text("When to look again").last).to_be_attached()
    await expect(page.get_by_text("decision-record.md").last).to_be_attached()
    await expect(page.get_by_role("img", name="The weights add up to").last).to_be_attached()
    await page.get_by_role("button", name="Share the result").last.click()
    await expect(page.get_by_text("You asked what fits their project").last).to_be_attached()


@needs_chromium
async def test_a_person_maintains_the_knowledge(page: Page) -> None:
    await write(page, "How do I harvest saffron?")
    await page.get_by_role("button", name="Tell me when you know").last.click()
    await expect(page.get_by_text("I will write you a direct message").last).to_be_attached()

    await write(page, "/knowledge gaps")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 gap in the knowledge").last).to_be_attached()
    await page.get_by_role("button", name="Add knowledge").last.click()
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Questions that it answers").first).to_have_value("How do I harvest saffron?")
