#include "cli/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/markup.h"

namespace chengying::cli {
namespace {

constexpr double kWidth = 960, kHeight = 600, kLeft = 90, kRight = 30, kTop = 50, kBottom = 60;
constexpr double kCharacter = 6.2, kLine = 13;  // of the small letters
constexpr std::array kColours{"#1b6ca8", "#c0392b", "#2d8659", "#8e44ad", "#b9770e", "#555555"};

/// A value at an axis, with a prefix for thousands or thousandths: "2 k", "500 u".
std::string tick_text(double value) {
  struct Prefix {
    double size;
    const char* name;
  };
  constexpr std::array kPrefixes{Prefix{1e12, " T"}, Prefix{1e9, " G"}, Prefix{1e6, " M"},
                                 Prefix{1e3, " k"},  Prefix{1, ""},     Prefix{1e-3, " m"},
                                 Prefix{1e-6, " u"}, Prefix{1e-9, " n"}};
  const double size = std::abs(value) * (1 + 1e-9);  // 0.001 is not quite a thousandth
  const auto prefix = std::ranges::find_if(kPrefixes, [&](const Prefix& p) { return size >= p.size; });
  if (prefix == kPrefixes.end()) return fmt::format("{:g}", value);
  return fmt::format("{:.3g}{}", value / prefix->size, prefix->name);
}

/// One axis: from values to places on the page.
class Axis {
 public:
  Axis(bool logarithmic, double from, double to) : logarithmic_(logarithmic), from_(from), to_(to) {}

  bool shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }

  void include(double value) {
    if (!shows(value)) return;
    lowest_ = std::min(lowest_, scaled(value));
    highest_ = std::max(highest_, scaled(value));
  }

  /// A margin on both sides, so that no point lies on an edge.
  void widen() {
    const double margin = std::max(0.06 * (highest_ - lowest_), logarithmic_ ? 0.1 : 1e-12);
    lowest_ -= margin;
    highest_ += margin;
  }

  bool empty() const { return lowest_ > highest_; }
  double place(double value) const {
    return from_ + (scaled(value) - lowest_) / (highest_ - lowest_) * (to_ - from_);
  }

  /// Round values that lie on the axis, ascending.
  std::vector<double> ticks() const { return logarithmic_ ? log_ticks() : linear_ticks(); }

 private:
  double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }

  std::vector<double> log_ticks() const {
    std::vector<double> ticks;
    const bool dense = highest_ - lowest_ < 2;  // few decades: 2 and 5 as well
    for (double decade = std::floor(lowest_); decade <= highest_; ++decade)
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10.0, decade);
        const bool inside = scaled(value) >= lowest_ && scaled(value) <= highest_;
        if (inside && (digit == 1.0 || dense)) ticks.push_back(value);
      }
    return ticks;
  }

  std::vector<double> linear_ticks() const {
    std::vector<double> ticks;
    const double raw = (highest_ - lowest_) / 6, power = std::pow(10.0, std::floor(std::log10(raw)));
    const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
    for (double value = std::ceil(lowest_ / step) * step; value <= highest_; value += step)
      ticks.push_back(value);
    return ticks;
  }

  bool logarithmic_;
  double from_, to_;
  double lowest_ = std::numeric_limits<double>::infinity(), highest_ = -lowest_;
};

struct Rectangle {
  double left, top, right, bottom;
  bool meets(const Rectangle& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

class Drawing {
 public:
  explicit Drawing(const Plot& plot)
      : plot_(plot), x_(plot.log_x, kLeft, kWidth - kRight), y_(plot.log_y, kHeight - kBottom, kTop) {
    for (const PlotSeries& series : plot.series)
      for (const PlotPoint& point : series.points)
        if (shows(point)) {
          x_.include(point.x);
          y_.include(point.y);
        }
  }

  std::string svg() {
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"white\"/>\n",
        kWidth, kHeight);
    write(kWidth / 2, 24, plot_.title, "middle", "font-size=\"16\"");
    if (x_.empty() || y_.empty()) {
      write(kWidth / 2, kHeight / 2, "nothing to show", "middle");
    } else {
      x_.widen();
      y_.widen();
      draw_axes();
      for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_series(plot_.series[i], colour(i));
      draw_legend();
      for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_labels(plot_.series[i], colour(i));
    }
    return text_ + "</svg>\n";
  }

 private:
  static const char* colour(std::size_t index) { return kColours[index % kColours.size()]; }
  bool shows(const PlotPoint& point) const { return x_.shows(point.x) && y_.shows(point.y); }

  void write(double x, double y, std::string_view what, std::string_view anchor, std::string_view more = "") {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor,
                         more, markup_escaped(what));
  }

  void line(double x1, double y1, double x2, double y2, std::string_view stroke) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n",
                         x1, y1, x2, y2, stroke);
  }

  void draw_axes() {
    for (const double tick : x_.ticks()) {
      line(x_.place(tick), kTop, x_.place(tick), kHeight - kBottom, "#e4e4e4");
      write(x_.place(tick), kHeight - kBottom + 18, tick_text(tick), "middle");
    }
    for (const double tick : y_.ticks()) {
      line(kLeft, y_.place(tick), kWidth - kRight, y_.place(tick), "#e4e4e4");
      write(kLeft - 8, y_.place(tick) + 4, tick_text(tick), "end");
    }
    line(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, "#333333");
    line(kLeft, kTop, kLeft, kHeight - kBottom, "#333333");
    write((kLeft + kWidth - kRight) / 2, kHeight - 18, plot_.x_label, "middle");
    write(0, 0, plot_.y_label, "middle",
          fmt::format("transform=\"translate(22 {:.1f}) rotate(-90)\"", (kTop + kHeight - kBottom) / 2));
  }

  void draw_series(const PlotSeries& series, const char* stroke) {
    std::string path;
    for (const PlotPoint& point : series.points) {
      if (!shows(point)) continue;
      const double x = x_.place(point.x), y = y_.place(point.y);
      if (series.line) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : " L", x, y);
        continue;
      }
      text_ += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" fill-opacity=\"0.7\">"
          "<title>{}</title></circle>\n",
          x, y, stroke, markup_escaped(point.label));
      taken_.push_back({x - 4, y - 4, x + 4, y + 4});
    }
    if (series.line)
      text_ +=
          fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", path, stroke);
  }

  /// One line above the axes, from the right.
  void draw_legend() {
    double right = kWidth - kRight;
    for (std::size_t i = plot_.series.size(); i-- > 0;) {
      const std::string& name = plot_.series[i].name;
      if (name.empty()) continue;
      const double left = right - 22 - 7 * static_cast<double>(name.size());
      text_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n", left,
                           kTop - 15, colour(i));
      write(left + 14, kTop - 6, name, "start");
      right = left - 12;
    }
  }

  /// A label goes to the first free place beside its point; without one it stays a tooltip.
  void draw_labels(const PlotSeries& series, const char* fill) {
    for (const PlotPoint& point : series.points) {
      if (point.label.empty() || !shows(point)) continue;
      const double x = x_.place(point.x), y = y_.place(point.y);
      const double width = kCharacter * static_cast<double>(point.label.size());
      const std::array<std::pair<double, double>, 4> places{
          {{x + 7, y + 4}, {x - 7 - width, y + 4}, {x - width / 2, y - 9}, {x - width / 2, y + 18}}};
      for (const auto& [left, baseline] : places) {
        const Rectangle box{left, baseline - kLine + 3, left + width, baseline + 2};
        const bool outside = box.left < kLeft || box.right > kWidth - kRight || box.top < kTop ||
                             box.bottom > kHeight - kBottom;
        if (outside || std::ranges::any_of(taken_, [&](const Rectangle& r) { return r.meets(box); }))
          continue;
        write(left, baseline, point.label, "start", fmt::format("font-size=\"11\" fill=\"{}\"", fill));
        taken_.push_back(box);
        break;
      }
    }
  }

  const Plot& plot_;
  Axis x_, y_;
  std::vector<Rectangle> taken_;
  std::string text_;
};

}  // namespace

std::string Plot::svg() const {
  return Drawing(*this).svg();
}

}  // namespace chengying::cli
