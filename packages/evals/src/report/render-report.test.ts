import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { makeResults, makeRow } from "../fixtures/make-results.ts";
import type { MetricsRow, ReportData, ReportTraining } from "./data.ts";
import { renderReport } from "./render-report.ts";

const HOSTILE = `</script></style><img src=x onerror=alert(1)>"'><script>alert(2)</script><!-- ]]> \0 \u202e`;

const metrics: MetricsRow[] = Array.from({ length: 30 }, (_, index) => ({
  step: index + 1,
  values: { "reward/mean": index, "optim/gradientNorm": 1 + (index % 3), "custom/thing": 1 },
}));

function training(name: string, kind: ReportTraining["kind"], correct: readonly number[]): ReportTraining {
  return {
    name,
    kind,
    metrics: kind === "base" ? [] : metrics,
    settings: { thought: kind, steps: 30, optimizer: { learningRate: 1e-5 } },
    evaluations: [
      {
        results: makeResults({
          "hard-greedy": correct.map((count) => Math.min(1, count)),
          "soft-sample": correct,
        }),
        samples: [makeRow(), makeRow({ id: "q1", correct: false, extracted: null })],
      },
    ],
  };
}

function data(more: Partial<ReportData> = {}): ReportData {
  return {
    title: "A report",
    trainings: [training("base", "base", [0, 0, 1, 1, 0, 1]), training("soft", "soft", [4, 3, 4, 4, 4, 4])],
    ...more,
  };
}

function parse(page: string) {
  return parseHTML(page).document as unknown as {
    querySelectorAll(selector: string): Iterable<{
      readonly textContent: string;
      readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
      getAttribute(name: string): string | null;
    }>;
  };
}

const texts = (page: string, selector: string) =>
  [...parse(page).querySelectorAll(selector)].map((element) =>
    element.textContent.replace(/\s+/gu, " ").trim(),
  );

describe("the page", () => {
  const page = renderReport(data({ subtitle: "of two trainings", notes: ["A note."], createdAt: "today" }));

  test("has its sections and links to them", () => {
    const titles = [
      "Accuracy",
      "pass@k",
      "Training",
      "Entropy along the thought",
      "Samples",
      "Settings",
      "About",
    ];
    expect(texts(page, "h2")).toEqual(titles);
    expect(texts(page, "nav a")).toEqual(titles);
    for (const link of parse(page).querySelectorAll("nav a")) {
      expect(page).toContain(`<section id="${link.getAttribute("href")?.slice(1)}"`);
    }
  });

  test("asks nothing of the network and runs no script but its own", () => {
    expect(page).not.toMatch(/\ssrc=|@import|url\(/iu);
    const hrefs = [...parse(page).querySelectorAll("[href]")].map((element) => element.getAttribute("href"));
    expect(hrefs.every((href) => href?.startsWith("#"))).toBe(true);
    expect(page).toMatch(/Content-Security-Policy" content="default-src &#39;none&#39;/u);
    expect(texts(page, "script:not([type])")).toHaveLength(1);
  });

  test("shows every figure with its interval and the difference to the first training", () => {
    const cells = texts(page, ".grid tbody tr:nth-child(2) td");
    expect(cells[0]).toBe("12.5 4.2–20.8 majority 0.0");
    expect(cells[1]).toMatch(/^95\.8 \+83\.3 /u);
    expect(texts(page, ".grid thead th")).toEqual(["Mode", "base", "soft"]);
    expect(page).toContain('class="c-soft own"');
  });

  test("says in words what changed", () => {
    const [soft] = texts(page, ".summary li");
    expect(soft).toContain("Sampled soft thoughts: accuracy rises from 12.5 to 95.8 %");
    expect(soft).toContain("At least one of 4 sampled soft thoughts right");
    expect(texts(page, ".notes p")).toEqual(["A note."]);
  });

  test("draws a line per training, and metrics it does not know apart", () => {
    expect(texts(page, "#training > .charts figcaption b")).toEqual(["Reward", "Gradient norm"]);
    expect(texts(page, "#training details figcaption b")).toEqual(["custom/thing"]);
    expect([...parse(page).querySelectorAll("svg.chart")]).toHaveLength(1 + 3 + 2);
  });

  test("shows samples with one focusable step and the alternatives as data", () => {
    expect(texts(page, ".pane:not([hidden]) .card .verdict")).toEqual(["✓ correct", "✓ correct"]);
    const focusable = [...parse(page).querySelectorAll(".pane:not([hidden]) .thought .t[tabindex='0']")];
    expect(focusable).toHaveLength(2);
    const json = texts(page, "#steps-0")[0] ?? "";
    expect(Object.values(JSON.parse(json) as object)[0]).toEqual([[["two ", 0.9]], [["and two. ", 0.8]]]);
  });

  test("puts settings that differ apart from the rest", () => {
    expect(texts(page, ".settings thead ~ tbody th")).toEqual(["thought"]);
    expect(texts(page, "#settings details tbody th")).toEqual(["steps", "optimizer.learningRate"]);
  });
});

describe("hostile text", () => {
  const bad = training(HOSTILE, "soft", [1, 2, 3, 4, 4, 4]);
  const rows = [
    makeRow({
      id: HOSTILE,
      question: HOSTILE,
      gold: HOSTILE,
      thought: HOSTILE,
      answer: HOSTILE,
      extracted: HOSTILE,
      reason: HOSTILE,
      stopReason: HOSTILE,
      correct: false,
      steps: [
        { token: HOSTILE, alternatives: [{ token: HOSTILE, probability: 1 }] },
        { token: "", alternatives: [] },
      ],
    }),
    makeRow({ id: "failed", question: HOSTILE, error: { name: HOSTILE, message: HOSTILE } }),
  ];
  const results = makeResults(
    { "soft-sample": [1, 2, 3, 4, 4, 4] },
    { task: HOSTILE, model: HOSTILE, checksum: HOSTILE },
  );
  const page = renderReport({
    title: HOSTILE,
    subtitle: HOSTILE,
    notes: [HOSTILE],
    createdAt: HOSTILE,
    versions: { [HOSTILE]: HOSTILE },
    trainings: [
      {
        ...bad,
        settings: { [HOSTILE]: HOSTILE, list: [HOSTILE] },
        metrics: [{ step: 1, values: { [HOSTILE]: 1 } }],
        evaluations: [{ results, samples: rows }],
      },
      { ...bad, name: `${HOSTILE}2`, evaluations: [{ results, samples: rows }] },
    ],
  });

  test("never becomes an element, an attribute or a script", () => {
    const document = parse(page);
    expect([...document.querySelectorAll("img")]).toHaveLength(0);
    expect([...document.querySelectorAll("script")]).toHaveLength(2); // the page's own and one data block
    for (const element of document.querySelectorAll("*")) {
      for (const attribute of element.attributes) expect(attribute.name).not.toMatch(/^on/u);
    }
    expect(page).not.toContain("<img");
    expect(page).not.toContain("\0");
    expect(page.match(/<\/script>/gu)).toHaveLength(2);
    expect(page.match(/<\/style>/gu)).toHaveLength(
      1 + 1 + [...document.querySelectorAll("svg style")].length,
    );
  });

  test("is shown as it is", () => {
    expect(texts(page, ".answer")[0]).toContain("<script>alert(2)</script>");
    expect(texts(page, ".card .verdict")).toContain("error");
  });
});

describe("little data", () => {
  test("metrics alone make a page", () => {
    const page = renderReport({
      title: "Run",
      trainings: [{ name: "hard", kind: "hard", metrics, evaluations: [] }],
    });
    expect(texts(page, "h2")).toEqual(["Training", "About"]);
  });

  test("one evaluation alone has no differences", () => {
    const page = renderReport(data({ trainings: [training("base", "base", [1, 2, 3])] }));
    expect(page).not.toContain('class="delta');
    expect(texts(page, ".key")[0]).not.toContain("difference");
  });

  test("an evaluation that has only begun is left out, one that is not complete is named", () => {
    const begun = { results: makeResults({}, { complete: false }), samples: [] };
    const page = renderReport(data({ trainings: [{ name: "soft", kind: "soft", evaluations: [begun] }] }));
    expect(texts(page, "h2")).toEqual(["About"]);
    const half = { results: makeResults({ "hard-greedy": [1, 0] }, { complete: false }), samples: [] };
    const partial = renderReport(data({ trainings: [{ name: "soft", kind: "soft", evaluations: [half] }] }));
    expect(texts(partial, ".notes p")[0]).toContain("not complete");
  });

  test("tasks stand apart, and the same task with other questions too", () => {
    const other = (checksum: string) => ({
      results: makeResults({ "hard-greedy": [1, 0, 1] }, { task: "math", checksum }),
      samples: [],
    });
    const page = renderReport(
      data({
        trainings: [
          { name: "base", kind: "base", evaluations: [other("a"), other("b")] },
          { name: "soft", kind: "soft", evaluations: [other("b")] },
        ],
      }),
    );
    expect([...parse(page).querySelectorAll(".grid")]).toHaveLength(2);
    expect(texts(page, ".grid thead th")).toEqual(["Mode", "base", "Mode", "base", "soft"]);
  });
});
