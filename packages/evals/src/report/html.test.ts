import { expect, test } from "vitest";
import { html, jsonBlock, trustedHtml } from "./html.ts";

test("text is escaped, markup made by the template is not", () => {
  const inner = html`<b>${"<i>"}</b>`;
  expect(html`<p title="${'" onclick="x'}">${inner}${["a&b", html`<br>`]}</p>`.text).toBe(
    '<p title="&#34; onclick=&#34;x"><b>&#60;i&#62;</b>a&#38;b<br></p>',
  );
});

test("null, undefined and false vanish, zero does not", () => {
  expect(html`${null}${undefined}${false}${0}`.text).toBe("0");
  expect(html`${trustedHtml("<hr>")}`.text).toBe("<hr>");
});

test("characters that HTML cannot hold become replacement characters", () => {
  expect(html`${"a\0b\u001bc\ud800d\n\te"}`.text).toBe("a\uFFFDb\uFFFDc\uFFFDd\n\te");
  expect(html`${"🙂"}`.text).toBe("🙂");
});

test("a data block cannot be left and parses back", () => {
  const data = { "</script><!--": ["<script>", "\u2028", "&amp;"] };
  const block = jsonBlock('x"y', data).text;
  expect(block.match(/<\/?script/gu)).toHaveLength(2);
  const json = block.slice(block.indexOf(">") + 1, block.lastIndexOf("<"));
  expect(JSON.parse(json)).toEqual(data);
  expect(block).toContain('id="x&#34;y"');
});
