import { expect, test } from "vitest";
import { PAPER_TEMPLATE, renderPrompt } from "./prompt-template.ts";

test("the paper's prompt ends with the question and the assistant's turn", () => {
  const prompt = renderPrompt("What is 1 + 1?");
  expect(prompt).toMatch(/User: What is 1 \+ 1\? Assistant:$/u);
  expect(prompt.startsWith("A conversation between User and Assistant.")).toBe(true);
  expect(PAPER_TEMPLATE).toContain("The final answer is: \\boxed{[answer]}.");
});

test("a question is put in as it is, replacement patterns and placeholders included", () => {
  expect(renderPrompt("costs $& and $1, QUESTION", "Q: QUESTION A:")).toBe("Q: costs $& and $1, QUESTION A:");
});

test.each(["no placeholder", "QUESTION and QUESTION"])("a template %j is refused", (template) => {
  expect(() => renderPrompt("q", template)).toThrow(
    expect.objectContaining({ code: "INVALID_TEMPLATE" }) as Error,
  );
});
