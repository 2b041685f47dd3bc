/**
 * Opens a grid's report in a real Chromium, from disk and served, and tries what a reader does: links, figures and the samples
 * behind them, search, pages, keys, two widths, both colour schemes, print, a run that goes on. Answers are made up by a seeded
 * generator, so this needs no model; nothing here is a measurement.
 *
 *   node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-report-in-browser.ts [FOLDER]
 *
 * Needs Chromium (apt-get install chromium, or SOFT_TOKENS_CHROMIUM=PATH). Pictures and the report stay in FOLDER, if one is named.
 * Ends with "N passed, N failed"; without Chromium it fails.
 */

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { openReportFolder, writeReportFolder } from "@soft-tokens/evals/report";
import { createViewServer } from "../src/view/create-view-server.ts";
import { type Browser, type Page, startChromium } from "./chromium.ts";
import { HOSTILE, makeGrid } from "./made-up-grid.ts";

const kept = process.argv[2];
const out = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), "soft-tokens-report-"));
const folder = join(out, "grid");
let passed = 0;
let failed = 0;

async function check(title: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    passed += 1;
    console.log(`ok      ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n        ${(error as Error).stack ?? error}`);
  }
}

function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

function expectQuiet(page: Page): void {
  const errors = page.takeErrors();
  expect(errors.length === 0, `the console says: ${errors.join("\n")}`);
}

const STATUS = "document.querySelector('[data-out=status]').textContent";
const IS_READ = `/question/.test(${STATUS})`;

/** Texts of table cells and headings that stick out of their box and cannot be scrolled to. */
const CUT_OFF = `[...document.querySelectorAll("h1, h2, h3, td, th, .lead, .summary li, .key")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && !element.closest(".scroll, [hidden], details:not([open])") && box.right > innerWidth + 1;
}).map((element) => element.textContent.trim().slice(0, 40))`;

mkdirSync(out, { recursive: true });
rmSync(folder, { recursive: true, force: true });
let browser: Browser | null = null;
try {
  const samples = await makeGrid(folder);
  const written = await writeReportFolder(folder, {
    title: "A grid for looking at",
    subtitle: "Made-up numbers.",
  });
  console.log(`made    ${samples} samples, ${written.pages} files beside the page`);
  browser = await startChromium();
  await fromDisk(browser, pathToFileURL(join(folder, "report.html")).href);
  await served(browser);
} catch (error) {
  failed += 1;
  console.log(`FAILED  ${(error as Error).stack ?? error}`);
} finally {
  await browser?.close();
  if (!kept) rmSync(out, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function fromDisk(from: Browser, url: string): Promise<void> {
  for (const { name, ...options } of [
    { name: "wide", width: 1280 },
    { name: "wide-dark", width: 1280, isDark: true },
    { name: "phone", width: 390, height: 844, isMobile: true },
    { name: "phone-dark", width: 390, height: 844, isMobile: true, isDark: true },
  ]) {
    await check(`from disk, ${name}: no errors, nothing wider than the window`, async () => {
      const page = await from.newPage(options);
      await page.open(url);
      await page.until(IS_READ);
      const [content, window] = await page.evaluate<number[]>(
        "[document.documentElement.scrollWidth, innerWidth]",
      );
      expect((content ?? 0) <= (window ?? 0), `the page is ${content} wide in a window of ${window}`);
      const cut = await page.evaluate<string[]>(CUT_OFF);
      expect(cut.length === 0, `text is cut off: ${cut.join("; ")}`);
      await page.screenshot(join(out, `${name}.png`), { isWhole: true });
      expectQuiet(page);
      await page.close();
    });
  }
  const page = await from.newPage({ width: 1280 });
  await page.open(url);
  await page.until(IS_READ);
  await check("every link of the page leads somewhere", async () => {
    const dead = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href")).filter((href) => !href.startsWith("#at:") && !document.getElementById(href.slice(1)))`,
    );
    expect(dead.length === 0, `no target: ${dead.join(" ")}`);
    const count = await page.evaluate<number>(`document.querySelectorAll('a[href^="#at:"]').length`);
    expect(count > 100, `only ${count} figures lead to samples`);
  });
  await check("figures are those of the samples that they lead to", async () => {
    const links = await page.evaluate<{ href: string; text: string }[]>(
      `[...document.querySelectorAll('#accuracy td a.to-samples, #ablations td a.to-samples')].map((a) => ({ href: a.getAttribute("href"), text: a.textContent.trim() }))`,
    );
    // Four trainings in six modes, and in two modes with three values of two settings.
    expect(links.length === 24 + 48, `${links.length} figures in the tables of accuracy and ablations`);
    for (const { href, text } of links) {
      await page.evaluate(`location.hash = ${JSON.stringify(href)}`);
      const at = new URLSearchParams(href.slice("#at:".length));
      const mode = (at.get("mode") ?? "").replace("-", " ");
      await page.until(`${STATUS}.includes(${JSON.stringify(` of ${at.get("run")} in ${mode}, `)})`);
      const said = await page.evaluate<string>(STATUS);
      const [, samples, right] = (/(\d+) samples .* (\d+) right/u.exec(said) ?? []).map(Number);
      const share = (100 * (right ?? 0)) / (samples ?? 0);
      // Half of the last digit, and what binary fractions make of a tie.
      expect(
        Math.abs(share - Number(text)) < 0.0501,
        `${href}: the figure is ${text}, its samples say ${said}`,
      );
    }
    expectQuiet(page);
  });
  await check("questions gained and lost are as many as the table says", async () => {
    const links = await page.evaluate<{ href: string; text: string }[]>(
      `[...document.querySelectorAll('.differences a.to-samples')].slice(0, 40).map((a) => ({ href: a.getAttribute("href"), text: a.textContent.trim() }))`,
    );
    expect(links.length > 20, `only ${links.length} counts`);
    for (const { href, text } of links) {
      await page.evaluate(`location.hash = ${JSON.stringify(href)}`);
      await page.until(`${STATUS}.startsWith("${text} question")`).catch(async () => {
        throw new Error(`${href}: the table says ${text}, the list says ${await page.evaluate(STATUS)}`);
      });
    }
    expectQuiet(page);
  });
  await check("search finds words, ids and answers, pages turn, a sample is read", async () => {
    await page.evaluate(`location.hash = "#at:task=gsm8k&run=soft&mode=soft-sample"`);
    await page.until(`${STATUS}.startsWith("300 questions")`);
    await page.evaluate(`document.querySelector('[data-step="1"]').click()`);
    await page.until(`document.querySelector('[data-out=page]').textContent === "page 2 of 15"`);
    await search(page, "question 17 of", 1);
    await search(page, "gsm8k-42", 1);
    await search(page, "nothing is like this", 0);
    await search(page, "QUESTION 2 OF", 1);
    await page.evaluate("document.querySelector('#explorer .entry summary').click()");
    await page.until("document.querySelectorAll('#explorer .card .thought .t').length > 8");
    await page.until("document.querySelectorAll('#explorer .card h4').length > 1"); // each seed's file comes by itself
    const sides = await page.evaluate<string[]>(
      "[...document.querySelectorAll('#explorer .card h4')].map((h) => h.textContent)",
    );
    expect(sides.join() === "soft-1,soft-2", `cards of ${sides.join()}`);
    await page.evaluate("document.querySelectorAll('#explorer .chips')[0].children[1].click()");
    await page.evaluate("document.querySelector('#explorer .thought .t').focus()");
    await page.until(
      "!document.getElementById('step').hidden && document.querySelectorAll('#step li').length >= 2",
    );
    await page.evaluate(
      "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))",
    );
    await page.until("document.querySelector('#step h5').textContent.startsWith('step 2')");
    await page.screenshot(join(out, "sample.png"));
    expectQuiet(page);
  });
  await check("an address that was kept opens the same sample again", async () => {
    const address = await page.evaluate<string>("location.href");
    const again = await from.newPage({ width: 390, height: 844, isMobile: true });
    await again.open(address);
    await again.until("document.querySelectorAll('#explorer details[open] .card').length === 2");
    await again.screenshot(join(out, "sample-phone.png"));
    expectQuiet(again);
    await again.close();
  });
  await check("what a model wrote is text, whatever it is", async () => {
    await search(page, "hostile", 1);
    await page.evaluate("document.querySelector('#explorer .entry summary').click()");
    await page.until("document.querySelector('#explorer .entry .body .card .answer')");
    const text = await page.evaluate<string>(
      "document.querySelector('#explorer .entry .body .ask').textContent",
    );
    expect(text === HOSTILE, `shown as ${JSON.stringify(text)}`);
    expect(await page.evaluate<boolean>("globalThis.broken === undefined"), "it ran");
    expect(
      await page.evaluate<boolean>("!document.querySelector('#explorer img, #explorer script')"),
      "it became markup",
    );
    expectQuiet(page);
  });
  await check("choices of a likelihood task are shown with the right one and the chosen one", async () => {
    await page.evaluate(`location.hash = "#at:task=arc&run=base&mode=likelihood&id=arc-3"`);
    await page.until("document.querySelectorAll('#explorer details[open] .choices li').length === 4");
    await page.until("document.querySelector('.choices .gold') && document.querySelector('.choices .best')");
    expectQuiet(page);
  });
  await check("prints, without what a printed page cannot do", async () => {
    await page.printPdf(join(out, "print.pdf"));
    const { size } = { size: readFileSync(join(out, "print.pdf")).length };
    expect(size > 50_000, `a PDF of ${size} bytes`);
  });
  await page.close();
  await check("says where samples are looked for when they are not there", async () => {
    const alone = join(out, "alone.html");
    writeFileSync(alone, readFileSync(join(folder, "report.html")));
    const page2 = await from.newPage({ width: 800 });
    await page2.open(pathToFileURL(alone).href);
    await page2.until(`${STATUS}.includes("report-data")`);
    await page2.close();
  });
}

async function served(from: Browser): Promise<void> {
  const report = await openReportFolder(folder);
  const server = createViewServer({ folder, report, title: "Served", refreshEvery: 100 });
  await new Promise<void>((done) => server.listen({ host: "127.0.0.1", port: 0 }, done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await check("served: follows a run that goes on, and leaves open what is open", async () => {
      const page = await from.newPage({ width: 1280 });
      await page.open(`${url}#at:task=gsm8k&run=base&mode=hard-greedy&id=gsm8k-3`);
      await page.until("document.querySelectorAll('#explorer details[open] .card').length === 1");
      const before = await page.evaluate<string>("document.querySelector('.overall').textContent");
      const log = join(folder, "base", "evaluations", "gsm8k", "samples.jsonl");
      const [first = ""] = readFileSync(log, "utf8").split("\n");
      appendFileSync(log, `${JSON.stringify({ ...JSON.parse(first), sampleIndex: 1 })}\n`);
      await page.until(`document.querySelector('.overall').textContent !== ${JSON.stringify(before)}`);
      expect(
        await page.evaluate<boolean>(
          "document.querySelectorAll('#explorer details[open] .card').length === 1",
        ),
        "the sample was closed",
      );
      await page.screenshot(join(out, "served.png"));
      expectQuiet(page);
      await page.close();
    });
    await check("served: says so when the server is gone", async () => {
      const page = await from.newPage({ width: 1280 });
      await page.open(url);
      await page.until("document.getElementById('connection').textContent !== '' || true");
      server.closeAllConnections();
      server.close();
      await page.until("document.getElementById('connection').textContent.includes('does not answer')");
      await page.close();
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function search(page: Page, words: string, wanted: number): Promise<void> {
  await page.evaluate(
    `(() => { const field = document.querySelector('#explorer [name=q]'); field.value = ${JSON.stringify(words)}; field.dispatchEvent(new Event("input")); })()`,
  );
  await new Promise((done) => setTimeout(done, 400)); // the page waits for the next key that long
  const starts = wanted === 0 ? "No question" : `${wanted} question`;
  await page.until(`${STATUS}.startsWith("${starts}")`);
}
