/** The page's stylesheet: one accent per kind of training, light and dark by the reader's setting, phone and print. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f4; --surface: #fff; --ink: #1d1f24; --muted: #646a76; --line: #e2e2dc; --tint: 9%;
  --base: #6a7282; --hard: #c2491a; --fuzzy: #0a8560; --soft: #2360c5; --other: #8648ad;
  --up: #0a7a53; --down: #b3261e; --heat: #f0a000;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #121317; --surface: #1a1c21; --ink: #e9e9ec; --muted: #9da2af; --line: #2e3139; --tint: 14%;
    --base: #a6adba; --hard: #ff8b57; --fuzzy: #3dcb98; --soft: #78abff; --other: #c99cf2;
    --up: #4fd6a0; --down: #ff8a80; --heat: #f5a524;
  }
}
.c-base { --accent: var(--base) } .c-hard { --accent: var(--hard) } .c-fuzzy { --accent: var(--fuzzy) }
.c-soft { --accent: var(--soft) } .c-other { --accent: var(--other) }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.5rem }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, .masthead > div, nav > div { max-width: 1160px; margin: 0 auto; padding: 0 24px }
.masthead { padding: 44px 0 22px }
h1 { font-size: clamp(1.6rem, 4.2vw, 2.4rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0; text-wrap: balance }
.subtitle { font-size: 1.06rem; color: var(--muted); margin: 10px 0 0; max-width: 68ch }
.meta { color: var(--muted); font-size: .86rem; margin: 12px 0 0 }
nav { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line) }
nav > div { display: flex; gap: 22px; overflow-x: auto; scrollbar-width: none }
nav a { color: var(--muted); text-decoration: none; font-size: .9rem; padding: 11px 0; white-space: nowrap }
nav a:hover, nav a:focus-visible { color: var(--ink) }
section { padding-top: 40px }
h2 { font-size: 1.32rem; letter-spacing: -0.01em; line-height: 1.25; margin: 0 0 4px }
h2 small, h3 small { color: var(--muted); font-weight: 400; font-size: .82em; letter-spacing: 0 }
h3 { font-size: 1.02rem; margin: 28px 0 8px }
.lead { color: var(--muted); margin: 0 0 18px; max-width: 76ch; font-size: .95rem }
.muted { color: var(--muted) }
.swatch { display: inline-block; width: .72em; height: .72em; border-radius: 50%; background: var(--accent); margin-right: .45em; flex: none }
.panel, .card, figure { background: var(--surface); border: 1px solid var(--line); border-radius: 10px }
.scroll { overflow-x: auto }

.summary { list-style: none; margin: 16px 0 0; padding: 0; display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)) }
.summary li { background: var(--surface); border: 1px solid var(--line); border-top: 3px solid var(--accent); border-radius: 4px 4px 10px 10px; padding: 12px 16px 14px; font-size: .92rem }
.summary li > .swatch { display: none }
.summary b { color: var(--accent); display: block; font-size: 1.02rem; margin-bottom: 4px }
.summary div > span { display: block; margin-top: 6px }
.notes p { margin: 12px 0 0; max-width: 76ch }

table { border-collapse: collapse; width: 100%; background: var(--surface) }
.scroll:has(> table) { border: 1px solid var(--line); border-radius: 10px; background: var(--surface) }
th, td { text-align: left; padding: 10px 16px; border-bottom: 1px solid var(--line); vertical-align: top }
tbody tr:last-child > * { border-bottom: 0 }
thead th { font-size: .9rem; white-space: nowrap; color: var(--accent, var(--muted)); border-bottom-color: var(--line) }
thead th:first-child { color: var(--muted); font-weight: 500 }
tbody th { font-weight: 600 }
.mode small { font-weight: 400; color: var(--muted); font-size: 1em }
.grid { table-layout: fixed } .grid th:first-child { width: 17% } .grid.wide { table-layout: auto }
.grid.wide tbody th, .grid.wide thead th:first-child { position: sticky; left: 0; z-index: 2; background: var(--surface) }
.grid td { min-width: 72px }
.grid td.own { background: color-mix(in srgb, var(--accent) var(--tint), transparent) }
.grid td.empty { color: var(--muted); font-size: .85rem }
.figure { display: flex; align-items: baseline; gap: 9px; flex-wrap: wrap }
.figure b { font-size: 1.22rem; font-weight: 650; letter-spacing: -0.01em }
.delta { font-size: .86rem; color: var(--muted) }
.delta.up { color: var(--up); font-weight: 650 } .delta.down { color: var(--down); font-weight: 650 }
.whisker { display: block; position: relative; height: 12px; margin: 3px 0 1px; max-width: 190px }
.whisker::before { content: ""; position: absolute; inset: 5.5px 0 auto; height: 1px; background: var(--line) }
.whisker::after { content: ""; position: absolute; top: 4px; height: 4px; border-radius: 2px; left: var(--low); width: max(2px, calc(var(--high) - var(--low))); background: var(--accent); opacity: .42 }
.whisker i { position: absolute; z-index: 1; top: 2px; left: var(--at); width: 8px; height: 8px; margin-left: -4px; border-radius: 50%; background: var(--accent) }
.interval { font-size: .78rem; color: var(--muted); white-space: nowrap }
.failed { display: block; font-size: .78rem; color: var(--down) }
.key { font-size: .86rem; color: var(--muted); margin: 10px 2px 0; max-width: 90ch }
.key .own { padding: 0 5px; border-radius: 3px; background: color-mix(in srgb, var(--soft) var(--tint), transparent) }

.charts { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)) }
figure { margin: 0; padding: 12px 12px 6px }
figcaption { font-size: .9rem; line-height: 1.3; padding: 0 2px 4px }
figcaption span { color: var(--muted); font-size: .82rem }
svg.chart { --plot-background: var(--surface); display: block; width: 100%; height: auto; overflow: visible; color: var(--muted) }
details > summary { cursor: pointer; color: var(--muted); font-size: .92rem; padding: 12px 0 }
details[open] > summary { margin-bottom: 4px }

.controls { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: end; margin-bottom: 12px }
.pick { display: grid; gap: 3px; font-size: .82rem; color: var(--muted); flex: 1 1 260px; min-width: 0 }
select, button { font: inherit; color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: 7px; padding: 7px 11px }
select, input[type="search"] { height: 37px }
select { width: 100%; min-width: 0; text-overflow: ellipsis }
.modes { display: flex; max-width: 100%; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--surface) }
.modes button { border: 0; border-radius: 0; padding: 7px 12px; font-size: .88rem; white-space: nowrap; cursor: pointer; background: none }
.modes button + button { border-left: 1px solid var(--line) }
.modes button[aria-pressed="true"] { background: var(--ink); color: var(--page) }
.modes button[aria-pressed="true"] small { color: inherit; opacity: .75 }
select:focus-visible, button:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--soft); outline-offset: 2px }
.question { border-left: 3px solid var(--line); padding: 2px 0 2px 14px; margin: 14px 0 }
.question p { margin: 0; max-width: 80ch; white-space: pre-wrap; overflow-wrap: anywhere }
.question .gold { color: var(--muted); font-size: .88rem; margin-top: 6px }
.gold b { color: var(--ink) }
.legend { font-size: .84rem; margin: 0 0 12px }
.ramp { white-space: nowrap; margin: 0 2px } .ramp i { display: inline-block; width: 15px; height: 11px; vertical-align: -1px; border-radius: 0 }
.pane { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); align-items: start }
[hidden] { display: none !important }
.card { padding: 13px 16px 12px; border-left: 3px solid var(--accent); border-radius: 4px 10px 10px 4px; min-width: 0 }
.card header { display: flex; justify-content: space-between; gap: 12px; align-items: baseline }
.card h4 { margin: 0; color: var(--accent); font-size: 1rem }
.tag { font-weight: 400; color: var(--muted); margin-left: 4px }
.verdict { font-size: .84rem; font-weight: 600; white-space: nowrap; color: var(--muted) }
.verdict.right { color: var(--up) } .verdict.wrong, .verdict.failed { color: var(--down) }
.thought { margin: 8px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.85; font-size: .95rem; max-height: 26em; overflow-y: auto }
.t { border-radius: 3px; box-decoration-break: clone; -webkit-box-decoration-break: clone; padding: 2px 0; background: color-mix(in srgb, var(--heat) var(--heat-share, 0%), transparent) }
.e1 { --heat-share: 13% } .e2 { --heat-share: 24% } .e3 { --heat-share: 35% } .e4 { --heat-share: 46% } .e5 { --heat-share: 57% } .e6 { --heat-share: 68% }
.ramp .e0 { border: 1px solid var(--line) }
.thought .t { cursor: default }
.thought .t:hover, .thought .t:focus { outline: 2px solid var(--accent); outline-offset: 0 }
.nl { color: var(--muted); opacity: .6; font-size: .8em }
.answer { margin: 8px 0 0; font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .84rem; white-space: pre-wrap; overflow-wrap: anywhere; border-top: 1px dashed var(--line); padding-top: 8px }
.facts { margin: 6px 0 0; font-size: .78rem; color: var(--muted); overflow-wrap: anywhere }

#step { position: absolute; z-index: 5; width: 270px; background: var(--surface); border: 1px solid var(--line); border-radius: 9px; padding: 10px 13px 11px; box-shadow: 0 6px 26px rgb(0 0 0 / .2); font-size: .84rem; pointer-events: none }
#step h5 { margin: 0 0 6px; font-size: .82rem; font-weight: 400; color: var(--muted); display: flex; justify-content: space-between }
#step ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 3px }
#step li { display: grid; grid-template-columns: minmax(0, 1fr) 64px 3.4em; gap: 8px; align-items: center }
#step code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; white-space: pre; overflow: hidden; text-overflow: ellipsis }
#step li i { height: 6px; border-radius: 3px; background: linear-gradient(90deg, var(--accent) var(--share), var(--line) var(--share)) }
#step li span { text-align: right }

.to-samples { color: inherit; text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 32%, transparent); text-decoration-thickness: 1px; text-underline-offset: 3px }
.to-samples:hover, .to-samples:focus-visible { text-decoration-color: var(--accent, currentColor) }
.error, .paper { font-size: .82rem; color: var(--muted); white-space: nowrap }
.grid .paper, .grid .interval { display: block } .grid .apart { white-space: normal }
.whisker s { position: absolute; top: 4px; width: 2px; height: 4px; margin-left: -1px; background: var(--ink); opacity: .55 }
.named { color: var(--accent) }
.paired th[colspan] { text-align: left; border-bottom: 0; padding-bottom: 0; color: var(--ink) }
.paired thead tr:nth-child(2) th { font-weight: 400; font-size: .8rem; padding-top: 2px; color: var(--muted) }
.paired th[rowspan] { vertical-align: bottom }
.paired td, .paired th { white-space: nowrap } .paired td .interval { display: block }
.paired tbody th { color: var(--accent) } .paired td.paper { color: var(--muted); font-size: .92rem; white-space: nowrap }
.mixtures .name { white-space: nowrap }
.paired th .tag { display: block; margin: 0 }
.pairs details { border: 1px solid var(--line); border-radius: 10px; background: var(--surface); margin-bottom: 10px }
.pairs details > summary { padding: 11px 16px; color: var(--ink) } .pairs summary small { color: var(--muted); margin-left: 8px }
.pairs details[open] > summary { border-bottom: 1px solid var(--line); margin: 0 }
.pairs .scroll:has(> table) { border: 0 }
.differences td, .differences th { vertical-align: middle; padding: 7px 16px }
.differences td:nth-child(2) { white-space: nowrap }
.forest { display: flex; justify-content: space-between; font-weight: 400; font-size: .8rem; color: var(--muted); min-width: 150px }
.interval-line { --accent: var(--muted); display: block; position: relative; height: 14px; min-width: 130px; background: linear-gradient(90deg, transparent calc(50% - .5px), var(--line) calc(50% - .5px), var(--line) calc(50% + .5px), transparent calc(50% + .5px)) }
.interval-line.up { --accent: var(--up) } .interval-line.down { --accent: var(--down) }
.interval-line::after { content: ""; position: absolute; top: 5px; height: 4px; border-radius: 2px; left: var(--low); width: max(2px, calc(var(--high) - var(--low))); background: var(--accent); opacity: .5 }
.interval-line i { position: absolute; z-index: 1; top: 3px; left: var(--at); width: 8px; height: 8px; margin-left: -4px; border-radius: 50%; background: var(--accent) }

.mixtures { margin-top: 0 } .charts + .scroll, .scroll + .charts { margin-top: 14px }
.stack { display: flex; width: 150px; height: 12px; border-radius: 3px; overflow: hidden; background: var(--line); margin-top: 6px }
.stack i { display: block; height: 100% } .stack-key { display: inline-block; width: 12px; height: 11px; border-radius: 2px; margin: 0 3px 0 10px; vertical-align: -1px }
.s0 { background: color-mix(in srgb, var(--soft) 22%, var(--surface)) } .s1 { background: color-mix(in srgb, var(--soft) 45%, var(--surface)) }
.s2 { background: color-mix(in srgb, var(--soft) 72%, var(--surface)) } .s3 { background: var(--soft) }
.pairs-cell { font-size: .84rem; min-width: 240px } .pair { display: inline-block; margin-right: 16px; white-space: nowrap } .pair small { color: var(--muted) }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .92em; background: color-mix(in srgb, var(--line) 55%, transparent); border-radius: 3px; padding: 0 3px }
#step code { background: none; padding: 0 } #step em { color: var(--muted) }

.overall { font-size: 1.02rem; margin: 0 0 4px } .overall b { font-size: 1.22rem; margin-right: 8px }
.meter { display: inline-block; width: 90px; height: 6px; border-radius: 3px; background: var(--line); vertical-align: 2px; margin-right: 6px; overflow: hidden }
.meter i { display: block; height: 100%; width: var(--share); background: var(--accent, var(--soft)) }
.progress td, .progress th { padding: 6px 16px; font-size: .88rem; white-space: nowrap } .progress .whole td, .progress .whole th { color: var(--muted) }

#explorer { scroll-margin-top: 3.5rem }
#explorer .pick { flex: 1 1 150px } #explorer .pick:has(input) { flex: 2 1 220px }
input[type="search"] { font: inherit; color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: 7px; padding: 7px 11px; width: 100%; min-width: 0 }
input:focus-visible { outline: 2px solid var(--soft); outline-offset: 2px }
.status { color: var(--muted); font-size: .88rem; margin: 4px 0 8px; min-height: 1.4em }
.entries { border: 1px solid var(--line); border-radius: 10px; background: var(--surface); overflow: hidden } .entries:empty { display: none }
.entry + .entry { border-top: 1px solid var(--line) }
.entry > summary { display: flex; gap: 14px; justify-content: space-between; align-items: center; padding: 9px 16px; color: var(--ink); list-style: none; margin: 0 }
.entry > summary::-webkit-details-marker { display: none }
.entry > summary:hover { background: color-mix(in srgb, var(--line) 30%, transparent) }
.entry > summary .ask { overflow: hidden; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; min-width: 0; overflow-wrap: anywhere }
.entry[open] > summary { background: color-mix(in srgb, var(--line) 30%, transparent); margin: 0 } .entry[open] > summary .ask { -webkit-line-clamp: 1; color: var(--muted) }
.tallies { display: flex; flex: none; gap: 14px } .tally { font-size: .84rem; display: inline-flex; align-items: center; gap: 7px; white-space: nowrap }
.tally i { width: 46px; height: 6px; border-radius: 3px; background: linear-gradient(90deg, var(--accent) var(--share), var(--line) var(--share)) }
.tally span { min-width: 3.4em; text-align: right; font-variant-numeric: tabular-nums }
.entry .body { padding: 12px 16px 16px; border-top: 1px solid var(--line) } .body > .ask { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 80ch }
.body > .gold { margin: 6px 0 12px; font-size: .88rem; color: var(--muted) }
.sides { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); align-items: start } .side { min-width: 0 }
.chips { display: flex; flex-wrap: wrap; gap: 4px; margin-bottom: 8px }
.chip { padding: 1px 0; width: 2.3em; font-size: .78rem; border-radius: 5px; cursor: pointer; text-align: center; color: var(--down); border-color: color-mix(in srgb, var(--down) 40%, var(--line)) }
.chip.right { color: var(--up); border-color: color-mix(in srgb, var(--up) 45%, var(--line)) } .chip.none { color: var(--muted); border-color: var(--line) }
.chip[aria-pressed="true"] { background: var(--ink); color: var(--page); border-color: var(--ink) }
.spark { display: block; width: 100%; height: 30px; margin-top: 8px } .spark polyline { fill: none; stroke: var(--accent); stroke-width: 1.2; vector-effect: non-scaling-stroke; opacity: .8 }
.choices { list-style: none; margin: 10px 0 0; padding: 0; display: grid; gap: 7px }
.choices li { border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; background: linear-gradient(90deg, color-mix(in srgb, var(--accent) 16%, transparent) var(--share), transparent var(--share)); overflow-wrap: anywhere }
.choices li.gold { border-color: var(--up) } .choices li.best { font-weight: 600 } .choices small { display: block; font-weight: 400; color: var(--muted) } .choices .gold small { color: var(--up) }
.pager { display: flex; gap: 14px; align-items: center; justify-content: center; margin-top: 14px; font-size: .9rem; color: var(--muted) } .pager button { cursor: pointer } .pager button:disabled { opacity: .4; cursor: default }

.settings th, .settings td { padding: 6px 16px; font-size: .86rem; overflow-wrap: anywhere }
.settings tbody th { font-weight: 400; color: var(--muted); white-space: nowrap }
.settings td { min-width: 90px; max-width: 60ch }
dl { display: grid; grid-template-columns: minmax(110px, max-content) minmax(0, 1fr); gap: 6px 20px; margin: 0; font-size: .88rem }
dt { color: var(--muted) } dd { margin: 0; overflow-wrap: anywhere }
.about dl { grid-template-columns: minmax(110px, 170px) minmax(0, 1fr) }
footer { padding: 40px 0 56px }

@media (max-width: 620px) {
  main, .masthead > div, nav > div { padding: 0 16px }
  .masthead { padding: 28px 0 16px }
  th, td { padding: 9px 7px }
  th:first-child, td:first-child { padding-left: 12px }
  .grid thead th { font-size: .82rem; overflow: hidden; text-overflow: ellipsis }
  .grid thead th:first-child, .grid tbody th { width: 66px; font-size: .84rem; line-height: 1.3 }
  .grid td { min-width: 0 }
  .whisker i { top: 1px; width: 3px; height: 10px; margin-left: -1.5px; border-radius: 1px }
  .mode small { display: block }
  .modes .mode small { display: inline }
  .figure { display: block } .figure b { font-size: 1.02rem; display: block }
  .delta { font-size: .78rem } .interval { font-size: .66rem }
  .grid.wide { table-layout: auto } .grid.wide td { min-width: 84px }
  .settings th, .settings td { padding: 6px 10px }
  .entry > summary { flex-direction: column; align-items: stretch; gap: 5px; padding: 9px 12px } .tallies { justify-content: space-between }
  .entry .body { padding: 12px } .pair { white-space: normal }
  .grid .interval, .grid .paper { white-space: normal } .grid .apart { display: none } .grid .error { display: block }
  .differences td, .differences th, .differences th:first-child { padding: 7px 6px } .differences .interval { display: block; font-size: .7rem }
  .forest, .interval-line { min-width: 58px } .forest span:not(:nth-child(2)) { display: none } .forest { justify-content: center }
  .paired th { white-space: normal } .differences { font-size: .88rem } .differences th { font-size: .82rem } .grid thead .tag { display: none }
  .about dl { grid-template-columns: minmax(0, 1fr); gap: 0 } .about dd { margin-bottom: 8px }
  #step { position: fixed; left: 10px !important; right: 10px; bottom: 10px; top: auto !important; width: auto }
}
@media print {
  :root { --page: #fff }
  body { font-size: 11pt }
  nav, .controls, #step, #samples:has(#explorer), #progress { display: none !important }
  .scroll { overflow: visible } .grid td { min-width: 0 } .to-samples { text-decoration: none }
  main, .masthead > div { max-width: none; padding: 0 }
  .masthead { padding-top: 0 }
  section { padding-top: 20pt }
  figure, .card, .summary li, tr { break-inside: avoid }
  h2, h3 { break-after: avoid }
  .charts, .summary { grid-template-columns: repeat(3, 1fr) }
  .summary li { font-size: 8.5pt }
  .thought { max-height: none }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
`;
