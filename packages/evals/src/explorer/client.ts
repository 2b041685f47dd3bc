/**
 * The script of the sample explorer: loads the files of `pages.ts` as they are needed and shows lists and samples. State is
 * in the address after `#at:`, so that every number of the page can link to the samples behind it, and a link can be kept.
 * It makes elements and sets text; it never turns data into markup.
 */

import { EXPLORER_CARDS } from "./client-cards.ts";

export const EXPLORER_SCRIPT = `
(() => {
  "use strict";
  const root = document.getElementById("explorer");
  if (!root) return;
  let manifest = JSON.parse(document.getElementById("explorer-manifest").textContent);
  const PER_PAGE = 20;
  const SAMPLES_SHOWN = 48;
  const field = (name) => root.querySelector('[name="' + name + '"]');
  const out = (name) => root.querySelector('[data-out="' + name + '"]');
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "text") element.textContent = value;
      else if (typeof value === "function") element.addEventListener(key, value);
      else element.setAttribute(key, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };

  // Files: each calls softTokens(key, data). A failed one is forgotten, so that it is tried again.
  const waiting = new Map();
  const loaded = new Map();
  globalThis.softTokens = (key, data) => { const wait = waiting.get(key); if (wait) wait.resolve(data); };
  const load = (key) => {
    const found = loaded.get(key);
    if (found) return found;
    const promise = new Promise((resolve, reject) => {
      waiting.set(key, { resolve, reject });
      const script = document.createElement("script");
      script.src = manifest.folder + "/" + key + ".js" + (manifest.version ? "?v=" + manifest.version : "");
      script.onerror = () => reject(new Error(manifest.folder + "/" + key + ".js could not be read. Samples lie in the folder " + manifest.folder + " beside this page; both belong together."));
      script.onload = () => script.remove();
      document.head.append(script);
    });
    loaded.set(key, promise);
    promise.catch(() => loaded.delete(key));
    if (loaded.size > 64) loaded.delete(loaded.keys().next().value);
    return promise;
  };
  ${EXPLORER_CARDS}

  const state = { task: "", run: "", mode: "", show: "all", against: "", q: "", page: 1, id: "" };
  const taskOf = () => manifest.tasks.find((task) => task.task === state.task) || manifest.tasks[0];
  // What can be chosen: every run, and before its seeds a training as a whole.
  const subjects = (task) => {
    const list = [];
    for (const variant of new Set(task.runs.map((run) => run.variant))) {
      const members = task.runs.filter((run) => run.variant === variant);
      const kind = members[0].kind;
      if (members.length > 1) list.push({ name: variant, label: variant + ", all " + members.length + " seeds", group: variant, kind, members });
      for (const run of members) list.push({ name: run.name, label: run.name, group: members.length > 1 ? variant : "", kind, members: [run] });
    }
    return list;
  };
  const runOf = (task, name) => subjects(task).find((run) => run.name === name);
  const modesOf = (run) => [...new Set(run.members.flatMap((member) => member.modes.map(({ mode }) => mode)))];
  const hasMode = (run, mode) => modesOf(run).includes(mode);
  const keyOf = (task, member, mode) => { const found = member.modes.find((entry) => entry.mode === mode); return found && task.key + "/" + found.key; };
  const NOTHING = { verdicts: [], page: [] };
  const overviewsOf = (task, run, mode) => Promise.all(run.members.map((member) => { const key = keyOf(task, member, mode); return key ? load(key) : NOTHING; }));
  const verdictsAt = (overviews, position) => overviews.map((overview) => overview.verdicts[position] || "").join("");

  const complete = () => {
    const task = taskOf();
    if (!task) return;
    state.task = task.task;
    const run = runOf(task, state.run) || subjects(task)[0];
    state.run = run ? run.name : "";
    if (run && !hasMode(run, state.mode)) state.mode = modesOf(run)[0] || "";
    const other = state.against && runOf(task, state.against);
    state.against = other && other.name !== state.run && hasMode(other, state.mode) ? other.name : "";
    if ((state.show === "gained" || state.show === "lost") && !state.against) state.show = "all";
  };
  const address = () => {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      if (value !== "" && !(key === "show" && value === "all") && !(key === "page" && value === 1)) parameters.set(key, value);
    }
    return "#at:" + parameters;
  };
  const readAddress = () => {
    if (!location.hash.startsWith("#at:")) return false;
    const parameters = new URLSearchParams(location.hash.slice(4));
    for (const key of Object.keys(state)) state[key] = parameters.get(key) || (key === "show" ? "all" : "");
    state.page = Math.max(1, Number.parseInt(state.page, 10) || 1);
    return true;
  };

  const options = (select, entries, value) => {
    const groups = new Map();
    select.replaceChildren();
    for (const [key, text, group] of entries) {
      const option = make("option", { value: key, text });
      option.selected = key === value;
      if (!group) { select.append(option); continue; }
      if (!groups.has(group)) { groups.set(group, make("optgroup", { label: group })); select.append(groups.get(group)); }
      groups.get(group).append(option);
    }
  };
  const fill = () => {
    const task = taskOf();
    const entries = (runs) => runs.map((run) => [run.name, run.label, run.group]);
    options(field("task"), manifest.tasks.map((entry) => [entry.task, entry.task]), state.task);
    field("task").closest("label").hidden = manifest.tasks.length < 2;
    options(field("run"), entries(subjects(task)), state.run);
    options(field("mode"), modesOf(runOf(task, state.run)).map((mode) => [mode, mode.replace("-", " ")]), state.mode);
    const others = subjects(task).filter((run) => run.name !== state.run && hasMode(run, state.mode));
    options(field("against"), [["", "nothing"], ...entries(others)], state.against);
    field("against").closest("label").hidden = task.runs.length < 2;
    const kinds = [["all", "all questions"], ["some", "right at least once"], ["never", "never right"], ["split", "right and wrong"], ["none", "an answer could not be read"], ["error", "failed with an error"]];
    if (state.against) kinds.push(["gained", "more often right than " + state.against], ["lost", "less often right than " + state.against]);
    options(field("show"), kinds, state.show);
    field("q").value = state.q;
  };

  const right = (verdicts) => { let count = 0; for (const letter of verdicts) if (letter === "r") count += 1; return count; };
  const share = (verdicts) => verdicts.length === 0 ? 0 : right(verdicts) / verdicts.length;
  const isShown = (mine, theirs) => {
    const count = right(mine);
    switch (state.show) {
      case "some": return count > 0;
      case "never": return mine.length > 0 && count === 0;
      case "split": return count > 0 && count < mine.length;
      case "none": return mine.includes("n");
      case "error": return mine.includes("e");
      case "gained": return theirs.length > 0 && mine.length > 0 && share(mine) > share(theirs);
      case "lost": return theirs.length > 0 && mine.length > 0 && share(mine) < share(theirs);
      default: return true;
    }
  };
  const fold = (text) => text.toLowerCase().normalize("NFKC");

  const questionAt = async (task, position) => (await load(task.key + "/questions-" + Math.floor(position / task.pageQuestions)))[position % task.pageQuestions];

  let turn = 0;
  const refresh = async (keepList) => {
    complete();
    const mine = ++turn;
    const task = taskOf();
    if (!task || !state.run || !state.mode) { out("status").textContent = "No samples yet."; return; }
    fill();
    const run = runOf(task, state.run);
    const against = state.against ? runOf(task, state.against) : null;
    out("status").textContent = "Reading ...";
    try {
      const overviews = await overviewsOf(task, run, state.mode);
      const others = against ? await overviewsOf(task, against, state.mode) : null;
      let positions = [];
      for (let position = 0; position < task.questions; position++) {
        if (isShown(verdictsAt(overviews, position), others ? verdictsAt(others, position) : "")) positions.push(position);
      }
      const wanted = fold(state.q.trim());
      if (wanted) {
        const found = [];
        for (const position of positions) {
          const [id, question, gold] = await questionAt(task, position);
          if (fold(id) === wanted || fold(question).includes(wanted) || fold(String(gold)) === wanted) found.push(position);
        }
        positions = found;
      }
      if (mine !== turn) return;
      const pages = Math.max(1, Math.ceil(positions.length / PER_PAGE));
      if (state.id) {
        for (const [place, position] of positions.entries()) {
          if ((await questionAt(task, position))[0] === state.id) { state.page = Math.floor(place / PER_PAGE) + 1; break; }
        }
      }
      state.page = Math.min(state.page, pages);
      const shown = positions.slice((state.page - 1) * PER_PAGE, state.page * PER_PAGE);
      const rows = await Promise.all(shown.map(async (position) => {
        const [id, question, gold] = await questionAt(task, position);
        return row({ task, run, against, position, id, question, gold, overviews, others });
      }));
      if (mine !== turn) return;
      out("list").replaceChildren(...rows);
      const total = positions.reduce((sum, position) => sum + verdictsAt(overviews, position).length, 0);
      const correct = positions.reduce((sum, position) => sum + right(verdictsAt(overviews, position)), 0);
      out("status").textContent = positions.length === 0
        ? "No question is like that."
        : positions.length + (positions.length === 1 ? " question" : " questions") + ", " + total + (total === 1 ? " sample" : " samples") + " of " + run.name + " in " + state.mode.replace("-", " ") + ", " + correct + " right" + (total > 0 ? " (" + (100 * correct / total).toFixed(1) + " %)" : "");
      for (const element of root.querySelectorAll('[data-role="pager"]')) element.hidden = pages < 2;
      for (const element of root.querySelectorAll('[data-out="page"]')) element.textContent = "page " + state.page + " of " + pages;
      for (const button of root.querySelectorAll('[data-step="-1"]')) button.disabled = state.page <= 1;
      for (const button of root.querySelectorAll('[data-step="1"]')) button.disabled = state.page >= pages;
    } catch (error) {
      if (mine === turn) { out("status").textContent = error.message; out("list").replaceChildren(); }
    }
  };

  const tally = (run, verdicts) => make("span", { class: "tally c-" + run.kind, title: run.name + ": " + right(verdicts) + " of " + verdicts.length + " samples right" },
    bar(verdicts), make("span", { text: verdicts.length === 0 ? "none" : verdicts.length === 1 ? (verdicts === "r" ? "right" : verdicts === "e" ? "error" : verdicts === "n" ? "no answer" : "wrong") : right(verdicts) + "/" + verdicts.length }));
  const bar = (verdicts) => {
    const element = make("i", { "aria-hidden": "true" });
    element.style.setProperty("--share", 100 * share(verdicts) + "%");
    return element;
  };

  const row = (entry) => {
    const { task, id, question, gold, position, overviews, others, run, against } = entry;
    const details = make("details", { class: "entry" });
    details.append(make("summary", {},
      make("span", { class: "ask", dir: "auto", text: question.replace(/\\s+/g, " ") }),
      make("span", { class: "tallies" }, tally(run, verdictsAt(overviews, position)), others && tally(against, verdictsAt(others, position)))));
    const open = async () => {
      if (details.dataset.filled) return;
      details.dataset.filled = "yes";
      const body = make("div", { class: "body" },
        make("p", { class: "ask", dir: "auto", text: question }),
        make("p", { class: "gold" }, "Reference answer ", make("b", { text: String(gold) }), make("span", { class: "muted", text: "  " + id })));
      const sides = make("div", { class: "sides" });
      body.append(sides);
      details.append(body);
      const members = [[run, overviews], [against, others]].flatMap(([side, of]) => side ? side.members.map((member, index) => [member, of[index]]) : []);
      for (const [member, of] of members) {
        const holder = make("div", { class: "side c-" + member.kind });
        sides.append(holder);
        const page = of.page[position];
        if (page === undefined || page < 0) { holder.append(make("p", { class: "muted", text: member.name + ": no samples of this question." })); continue; }
        try {
          const rows = (await load(keyOf(task, member, state.mode) + "-" + page))[id] || [];
          showSide(holder, member, rows, of.verdicts[position]);
        } catch (error) { holder.append(make("p", { class: "muted", text: error.message })); delete details.dataset.filled; }
      }
    };
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      open();
      if (state.id !== id) { state.id = id; history.replaceState(null, "", address()); }
    });
    if (state.id === id) details.open = true;
    return details;
  };

  const go = (change) => {
    Object.assign(state, { page: 1, id: "" }, change);
    complete();
    history.pushState(null, "", address());
    refresh();
  };
  for (const name of ["task", "run", "mode", "show", "against"]) field(name).addEventListener("change", () => go({ [name]: field(name).value }));
  let typing = 0;
  field("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { Object.assign(state, { page: 1, id: "", q: field("q").value }); history.replaceState(null, "", address()); refresh(); }, 200);
  });
  for (const button of root.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      go({ page: state.page + Number(button.dataset.step) });
      root.scrollIntoView({ block: "start" });
    });
  }
  const follow = () => {
    if (!readAddress()) return;
    refresh().then(() => {
      const opened = state.id && root.querySelector("details[open]");
      (opened || root).scrollIntoView({ block: "start" });
    });
  };
  addEventListener("hashchange", follow);
  addEventListener("popstate", () => { if (readAddress()) refresh(); });
  /** For the script that follows a run: what there is has changed. */
  root.softTokensUpdate = (next) => {
    manifest = next;
    loaded.clear();
    if (!root.querySelector("details[open]")) refresh();
  };
  readAddress() ? follow() : refresh();
})();
`;
