/**
 * How a chart looks. A page that shows one may set the custom properties anew, since the selectors here weigh nothing,
 * and adds `active` to a state's class, `taken` to an edge's: that is all there is to do while a call runs.
 */
export const CHART_STYLE = `
:where(.chart) {
  --chart-paper: #fff; --chart-ink: #1c2733; --chart-dim: #5b6b7b; --chart-line: #8796a5;
  --chart-box: #f6f8fa; --chart-inner: #fff; --chart-border: #c3cdd7;
  --chart-guard: #8a5a00; --chart-actor: #12678a; --chart-active: #d7f5de; --chart-active-border: #1a8f3c;
  --chart-taken: #d1480f;
}
@media (prefers-color-scheme: dark) {
  :where(.chart) {
    --chart-paper: #0f151b; --chart-ink: #e3e9ef; --chart-dim: #9aa9b8; --chart-line: #71808f;
    --chart-box: #171f27; --chart-inner: #1f2932; --chart-border: #3a4856;
    --chart-guard: #e0b15c; --chart-actor: #6cc3e6; --chart-active: #12391f; --chart-active-border: #48c76c;
    --chart-taken: #ff8a50;
  }
}
.chart { background: var(--chart-paper); font: 12px Arial, Helvetica, "Liberation Sans", sans-serif; }
.chart text { fill: var(--chart-ink); white-space: pre; }
.chart .box { fill: var(--chart-box); stroke: var(--chart-border); }
.chart .root > .box { fill: none; }
.chart .atomic > .box, .chart .final > .box, .chart .nested > .box { fill: var(--chart-inner); }
.chart .region > .box { stroke-dasharray: 5 4; }
.chart .rule { stroke: var(--chart-border); }
.chart .name { font-weight: bold; }
.chart .top > .name { font-size: 14px; }
.chart .guard { fill: var(--chart-guard); }
.chart .activity { fill: var(--chart-actor); }
.chart .actions, .chart .target, .chart .mark .name, .chart .ignored .trigger { fill: var(--chart-dim); }
.chart .target { font-weight: bold; }
.chart .mark .name { font-weight: normal; font-style: italic; }
.chart .around { fill: none; stroke: var(--chart-border); }
.chart .mark .rule { stroke: none; }
.chart .mark circle, .chart .head { fill: var(--chart-line); }
.chart .line { fill: none; stroke: var(--chart-line); stroke-width: 1.4; }
.chart .gathered .line { stroke-width: 3; stroke-dasharray: 1 5; stroke-linecap: round; }
.chart .active > .box { stroke: var(--chart-active-border); stroke-width: 2; }
.chart .active.atomic > .box, .chart .active.final > .box { fill: var(--chart-active); }
.chart .active > .name { fill: var(--chart-active-border); }
.chart .taken tspan { fill: var(--chart-taken); font-weight: bold; }
.chart .arrow.taken .line, .chart .arrow:has(.taken) .line { stroke: var(--chart-taken); stroke-width: 2.4; }
.chart .arrow.taken .head, .chart .arrow:has(.taken) .head { fill: var(--chart-taken); }
`
