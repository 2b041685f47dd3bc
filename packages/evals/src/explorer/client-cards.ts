/** The part of the explorer's script that shows one sample: thought, entropy, answer, verdict; or choices with their likelihoods. */

export const EXPLORER_CARDS = `
  const VERDICTS = { r: ["right", "\\u2713 right"], w: ["wrong", "\\u2717 wrong"], n: ["none", "no answer"], e: ["failed", "error"] };
  const percent = (value) => (value >= 0.9995 ? "100" : (100 * value).toFixed(1)) + "%";

  const showSide = (holder, side, rows, verdicts) => {
    const place = make("div", {});
    const chips = make("div", { class: "chips", role: "group", "aria-label": "Samples of " + side.name });
    const show = (index) => {
      place.replaceChildren(rows[index] ? card(side, rows[index], verdicts[index]) : make("p", { class: "muted", text: "No sample." }));
      for (const [at, chip] of [...chips.querySelectorAll("button")].entries()) chip.setAttribute("aria-pressed", String(at === index));
    };
    if (rows.length > 1) {
      for (const [index, sample] of rows.slice(0, SAMPLES_SHOWN).entries()) {
        const [kind, word] = VERDICTS[verdicts[index]] || VERDICTS.n;
        chips.append(make("button", { type: "button", class: "chip " + kind, title: "sample " + (sample.sampleIndex + 1) + ": " + word, text: String(sample.sampleIndex + 1), click: () => show(index) }));
      }
      if (rows.length > SAMPLES_SHOWN) chips.append(make("span", { class: "muted", text: "and " + (rows.length - SAMPLES_SHOWN) + " more in samples.jsonl" }));
      holder.append(chips);
    }
    holder.append(place);
    show(0);
  };

  const card = (side, sample, letter) => {
    const [kind, word] = VERDICTS[letter] || VERDICTS.n;
    const title = make("h4", {}, make("span", { class: "swatch" }), side.name);
    const article = make("article", { class: "card c-" + side.kind }, make("header", {}, title, make("span", { class: "verdict " + kind, text: word })));
    if (sample.error) article.append(make("p", { class: "muted", text: sample.error.name + ": " + sample.error.message }));
    else if (sample.choices) article.append(choices(sample));
    else article.append(thought(sample), sparkline(sample), make("p", { class: "answer", dir: "auto", text: (sample.forced || "") + sample.answer }), make("p", { class: "facts", text: facts(sample, letter) }));
    return article;
  };

  const level = (nats) => Math.max(0, Math.min(6, Math.round(3 * (nats || 0))));
  const thought = (sample) => {
    if (!sample.steps) return make("p", { class: "thought", dir: "auto", text: sample.thought || "(empty thought)" });
    const element = make("p", { class: "thought", dir: "auto", role: "group", "aria-label": "Thought, step by step", "data-steps": "own" });
    element.dataset.entropies = sample.entropies.map((nats) => nats.toFixed(2)).join(" ");
    element.softTokensSteps = sample.steps.map((step) => step.alternatives.map(({ token, probability }) => [token, probability]));
    sample.steps.forEach((step, index) => {
      const token = make("span", { class: "t e" + level(sample.entropies[index]), tabindex: index === 0 ? 0 : -1 });
      if (step.token === "") token.append(make("span", { class: "nl", text: "\\u2205" }));
      step.token.split("\\n").forEach((part, line) => {
        if (line > 0) token.append(make("span", { class: "nl", text: "\\u23CE" }), "\\n");
        token.append(part);
      });
      element.append(token);
    });
    return element;
  };

  const SVG = "http://www.w3.org/2000/svg";
  const sparkline = (sample) => {
    const values = sample.entropies || [];
    if (values.length < 2) return "";
    const highest = Math.max(1, ...values);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", "0 0 300 30");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Entropy along the thought, up to " + highest.toFixed(1) + " nats");
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", values.map((value, index) => (300 * index / (values.length - 1)).toFixed(1) + "," + (29 - 27 * value / highest).toFixed(1)).join(" "));
    svg.append(line);
    return svg;
  };

  const facts = (sample, letter) => {
    const count = sample.entropies.length;
    const list = [count + " steps"];
    if (count > 0) list.push("mean entropy " + (sample.entropies.reduce((sum, nats) => sum + nats, 0) / count).toFixed(2) + " nats");
    if (sample.steps && sample.steps.length > 0) {
      const tops = sample.steps.map((step) => step.alternatives[0] ? step.alternatives[0].probability : 1);
      const mixed = tops.filter((top) => top < 0.9).length;
      list.push("the likeliest token carries " + percent(tops.reduce((sum, top) => sum + top, 0) / tops.length) + " on average; " + mixed + (mixed === 1 ? " step" : " steps") + " under 90%");
    }
    list.push("thought ended by " + sample.stopReason + (sample.answerStopReason ? ", answer by " + sample.answerStopReason : ""));
    if (sample.extracted) list.push("read as " + sample.extracted);
    if (letter !== "r") list.push(sample.reason);
    return list.join(" \\u00B7 ");
  };

  const choices = (sample) => {
    const list = make("ol", { class: "choices" });
    const best = Math.max(...sample.choices.map((choice) => choice.logProb));
    const total = sample.choices.reduce((sum, choice) => sum + Math.exp(choice.logProb - best), 0);
    sample.choices.forEach((choice, index) => {
      const tokens = typeof choice.tokens === "number" ? choice.tokens : (choice.tokens || []).length;
      const item = make("li", { class: [index === sample.gold ? "gold" : "", choice.logProb === best ? "best" : ""].join(" ").trim() },
        make("span", { dir: "auto", text: choice.text }),
        make("small", { text: choice.logProb.toFixed(2) + (tokens ? " in " + tokens + (tokens === 1 ? " token" : " tokens") : "") + (index === sample.gold ? ", the right one" : "") + (choice.logProb === best ? ", chosen" : "") }));
      item.style.setProperty("--share", 100 * Math.exp(choice.logProb - best) / total + "%");
      list.append(item);
    });
    return list;
  };
`;
