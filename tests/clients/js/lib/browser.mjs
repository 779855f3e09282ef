// A headless Chromium of our own.

import { ok } from "node:assert";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

/** `open()` gives an empty page; `faults` collects what goes wrong in any of them. */
export async function launch() {
  const executablePath = process.env.CHROMIUM ?? ["chromium", "chromium-browser", "google-chrome"].map(installed).find(Boolean);
  ok(executablePath, "no chromium in PATH");
  // Each start has a new, empty profile. The switches keep the browser from talking to anybody but the page's server.
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const faults = [];
  const open = async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    return page;
  };
  return { browser, open, faults };
}

function installed(name) {
  const directory = process.env.PATH.split(delimiter).find((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return directory && join(directory, name);
}
