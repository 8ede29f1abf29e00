// Paper: pages of A4 with text on them, as one PDF (libharu). Lengths are in points, from the upper left. The
// fonts are Debian's: DejaVu, and WenQuanYi Zen Hei for the scripts of East Asia; only the letters that
// occur are embedded, so the page looks the same everywhere. The same calls give the same bytes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chengying::cloud {

enum class Face : std::uint8_t { kRegular, kBold, kMono };
struct Lettering {
  Face face = Face::kRegular;
  float size = 8;
};

class Paper {
 public:
  static constexpr float kWidth = 842, kHeight = 595;  // A4, its long side across

  /// kUnavailable names a font that is missing, and its package.
  static Result<Paper> make(std::string_view title);
  Paper(Paper&&) noexcept;
  Paper& operator=(Paper&&) noexcept;
  ~Paper();

  /// What follows is on a new one.
  void new_page();
  std::size_t pages() const;
  /// What follows is on this one, from 0.
  void turn_to(std::size_t page);

  float width_of(std::string_view text, Lettering lettering);
  /// Text in lines that are no wider than `width`, broken at spaces where there are some; one line at least.
  std::vector<std::string> lines_of(std::string_view text, Lettering lettering, float width);
  /// `x` is where the text begins, `y` its base line. Text that is no UTF-8, and characters beyond U+FFFF,
  /// show as a replacement character.
  void write(float x, float y, std::string_view text, Lettering lettering);
  /// The same; `x` is where it ends.
  void write_right(float x, float y, std::string_view text, Lettering lettering);
  void rule(float from, float to, float y, float thickness);

  Result<std::string> finish();

 private:
  struct Document;
  explicit Paper(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

}  // namespace chengying::cloud
