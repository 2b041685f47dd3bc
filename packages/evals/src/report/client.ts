/**
 * The page's only script: chooses which samples are shown, and shows a step's alternatives on hover, focus or tap.
 * It makes elements and sets text; it never turns data into markup. Without it the first question's samples are readable.
 */

export const CLIENT_SCRIPT = `
(() => {
  "use strict";
  const card = document.getElementById("step");
  const data = new Map();
  const stepsOf = (thought) => {
    if (thought.softTokensSteps) return thought.softTokensSteps;
    const prefix = thought.closest(".samples").dataset.stepsOf;
    if (!data.has(prefix)) data.set(prefix, JSON.parse(document.getElementById("steps-" + prefix).textContent));
    return data.get(prefix)[thought.dataset.steps] || [];
  };
  const make = (name, text) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const readable = (token) => token === "" ? "(empty)" : token.replace(/ /g, "\\u2423").replace(/\\n/g, "\\u23CE").replace(/\\t/g, "\\u21E5");

  let shown = null;
  const hide = () => { card.hidden = true; shown = null; };
  const show = (token) => {
    if (shown === token) return;
    shown = token;
    const thought = token.parentElement;
    const index = Array.prototype.indexOf.call(thought.children, token);
    const entropy = (thought.dataset.entropies || "").split(" ")[index];
    const head = make("h5");
    head.append(make("span", "step " + (index + 1)), make("span", entropy ? "entropy " + entropy + " nats" : ""));
    const list = make("ol");
    for (const [text, probability] of stepsOf(thought)[index] || []) {
      const item = make("li");
      const bar = make("i");
      bar.style.setProperty("--share", 100 * probability + "%");
      const percent = 100 * probability;
      item.append(make("code", readable(text)), bar, make("span", percent >= 99.95 ? "100%" : percent < 0.05 ? "<0.1%" : percent.toFixed(1) + "%"));
      list.append(item);
    }
    const listed = (stepsOf(thought)[index] || []).reduce((sum, pair) => sum + pair[1], 0);
    if (listed > 0 && listed < 0.9995) {
      const rest = make("li");
      const bar = make("i");
      bar.style.setProperty("--share", 100 * (1 - listed) + "%");
      rest.append(make("em", "all others"), bar, make("span", (100 * (1 - listed)).toFixed(1) + "%"));
      list.append(rest);
    }
    card.replaceChildren(head, list);
    card.className = token.closest(".card").className.replace("card", "").trim();
    card.hidden = false;
    const box = token.getClientRects()[0] || token.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - card.offsetWidth - 8));
    const below = box.bottom + 8 + card.offsetHeight < window.innerHeight;
    card.style.left = left + window.scrollX + "px";
    card.style.top = (below ? box.bottom + 8 : Math.max(8, box.top - card.offsetHeight - 8)) + window.scrollY + "px";
  };
  const tokenAt = (event) => event.target.closest && event.target.closest(".thought[data-steps] > .t");
  document.addEventListener("mouseover", (event) => {
    const token = tokenAt(event);
    if (token) show(token);
    else if (shown && document.activeElement !== shown) hide();
  });
  document.addEventListener("focusin", (event) => { const token = tokenAt(event); if (token) show(token); else hide(); });
  document.addEventListener("click", (event) => {
    const token = tokenAt(event);
    if (!token) return hide();
    token.focus({ preventScroll: true });
    show(token);
  });
  document.addEventListener("keydown", (event) => {
    const token = tokenAt(event);
    if (!token) return;
    if (event.key === "Escape") return hide();
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = event.key === "Home" ? token.parentElement.firstElementChild
      : event.key === "End" ? token.parentElement.lastElementChild
      : step === 1 ? token.nextElementSibling : step === -1 ? token.previousElementSibling : null;
    if (!next) return;
    event.preventDefault();
    token.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  for (const browser of document.querySelectorAll(".samples")) {
    const question = browser.querySelector('[data-role="question"]');
    const buttons = [...browser.querySelectorAll('[data-role="mode"]')];
    let mode = "0";
    const refresh = () => {
      hide();
      for (const element of browser.querySelectorAll(".question")) element.hidden = element.dataset.question !== question.value;
      for (const pane of browser.querySelectorAll(".pane")) {
        pane.hidden = pane.dataset.question !== question.value || pane.dataset.mode !== mode;
      }
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === mode));
    };
    question.addEventListener("change", refresh);
    for (const button of buttons) button.addEventListener("click", () => { mode = button.value; refresh(); });
    refresh();
  }
})();
`;
