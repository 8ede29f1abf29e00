// Plot: points and lines on two axes, as an SVG that any browser shows. A value.
#pragma once

#include <string>
#include <vector>

namespace chengying::cli {

struct PlotPoint {
  double x = 0, y = 0;
  std::string label{};  // beside the point where there is room, and always as its tooltip
};

struct PlotSeries {
  std::string name{};  // in the legend
  std::vector<PlotPoint> points{};
  bool line = false;  // joined, without marks
};

/// Both axes are logarithmic unless said otherwise; then points at or below 0 are left out.
struct Plot {
  std::string title{}, x_label{}, y_label{};
  std::vector<PlotSeries> series{};
  bool log_x = true, log_y = true;

  /// The whole document. A plot without a point says so.
  std::string svg() const;
};

}  // namespace chengying::cli
