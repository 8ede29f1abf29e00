// The report of a quantisation as a page of HTML.
#include <algorithm>

#include "base/markup.h"
#include "cli/quantize_report.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

constexpr double kLowDb = 20, kFullDb = 60;  // below the one a bar is red; at the other it is full

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d5dae0; --faint: #667080; --bar: #2a7f9e;
  --low: #c8452e; --kept: #b07a10; --rail: #eef1f4 }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe3e8; --paper: #14171a; --line: #333a42; --faint: #98a2ae;
  --rail: #20252a } }
body { font: 15px/1.45 sans-serif; color: var(--ink); background: var(--paper); max-width: 72em; margin: 2em auto;
  padding: 0 1em }
h1 { font-size: 1.5em; margin: 0 0 .2em } h2 { font-size: 1.1em; margin: 2em 0 .4em } p { color: var(--faint) }
table { border-collapse: collapse; width: 100% }
th, td { padding: .28em .7em; text-align: left; border-bottom: 1px solid var(--line) }
thead th { color: var(--faint); font-weight: normal; font-size: .9em }
tbody th { font-weight: normal; overflow-wrap: anywhere }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.b { width: 26%; min-width: 9em } .b div { height: .42em; border-radius: .2em; background: var(--rail); margin: .2em 0 }
.b i { display: block; height: 100%; border-radius: .2em; background: var(--bar) } .b .alone i { opacity: .45 }
.b i.low { background: var(--low) } .t { white-space: nowrap } .kept { color: var(--kept); font-weight: bold }
.key { display: inline-block; width: 1.6em; height: .5em; border-radius: .2em; background: var(--bar); margin: 0 .4em 0 1em }
.scroll { overflow-x: auto }
)";

std::string bar(std::string_view kind, double decibels) {
  const double width = 100 * std::clamp(decibels, 0.0, kFullDb) / kFullDb;
  return fmt::format(R"(<div class="{}"><i{} style="width:{:.1f}%"></i></div>)", kind,
                     decibels < kLowDb ? R"( class="low")" : "", width);
}

std::string row_of(const compiler::LayerRounding& layer) {
  const bool kept = layer.format != "int8";
  return fmt::format(
      "<tr><th>{}</th><td class=\"t\">{}</td><td{}>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"b\">{}{}</td><td>{}</td></tr>\n",
      markup_escaped(layer.layer), markup_escaped(layer.operation), kept ? R"( class="kept")" : "",
      layer.format, bytes_text(static_cast<double>(layer.bytes_before)),
      bytes_text(static_cast<double>(layer.bytes_after)), decibels_text(layer.alone_db),
      decibels_text(layer.together_db), bar("alone", layer.alone_db), bar("together", layer.together_db),
      markup_escaped(layer.reason));
}

std::string layers_of(const QuantizeReport& report) {
  if (report.layers.empty()) return "";
  std::string rows;
  for (const auto& layer : report.layers) rows += row_of(layer);
  return fmt::format(
      R"(<h2>Layer by layer</h2>
<p>Signal to noise of each layer's result, over {} samples:<span class="key" style="opacity:.45"></span>if only this
layer were rounded<span class="key"></span>with all that is rounded before it. A full bar is {} dB; below {} dB it is red.</p>
<div class="scroll"><table><thead><tr><th>layer</th><th>operation</th><th>type</th><th class="n">fp32</th><th class="n">now</th>
<th class="n">alone</th><th class="n">together</th><th>signal to noise</th><th>why</th></tr></thead><tbody>
{}</tbody></table></div>
)",
      report.measured, kFullDb, kLowDb, rows);
}

}  // namespace

std::string html_of(const QuantizeReport& report) {
  std::string lines, notes;
  for (const ReportLine& line : lines_of(report))
    lines += fmt::format(
        "<tr><th>{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        markup_escaped(line.what), markup_escaped(line.before), markup_escaped(line.after),
        markup_escaped(line.change));
  for (const std::string& note : report.notes)
    notes += fmt::format("<p>Note: {}</p>\n", markup_escaped(note));
  return fmt::format(
      R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Quantisation of {0}</title>
<style>{1}</style></head><body>
<h1>Quantisation of {0}</h1>
<p>To {2}. Ranges from {3} samples by {4}; answers compared on {5} samples of {6}.</p>
<table><thead><tr><th></th><th class="n">before</th><th class="n">after</th><th class="n">change</th></tr></thead><tbody>
{7}</tbody></table>
{8}{9}</body></html>
)",
      markup_escaped(report.model), kStyle, markup_escaped(report.output), report.calibrated, report.method,
      report.comparison.samples, markup_escaped(report.compared_on), lines, notes, layers_of(report));
}

}  // namespace chengying::cli
