#include "cloud/paper.h"

#include <hpdf.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "cloud/utf8.h"

namespace chengying::cloud {

namespace {
struct FontFile {
  const char* path;
  std::string_view package;
};
// The first three by Face; the last has what they lack. Not Droid Sans Fallback nor WenQuanYi Micro Hei: many
// of their letters are put together from other glyphs, which libharu 2.3 leaves out.
constexpr std::size_t kFallback = 3;
constexpr std::array<FontFile, 4> kFontFiles{{
    {CHENGYING_FONTS "/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"},
    {CHENGYING_FONTS "/dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core"},
    {CHENGYING_FONTS "/dejavu/DejaVuSansMono.ttf", "fonts-dejavu-core"},
    {CHENGYING_FONTS "/wqy/wqy-zenhei.ttc", "fonts-wqy-zenhei"},
}};

/// The scripts of East Asia, which DejaVu lacks.
bool is_east_asian(char32_t c) {
  return (c >= 0x2E80 && c < 0xA4D0) || (c >= 0xAC00 && c < 0xD800) || (c >= 0xF900 && c < 0xFB00) ||
         (c >= 0xFF00 && c < 0xFFF0);
}

/// Part of a text that one font can show.
struct Run {
  std::string text;
  bool east_asian = false;
};

char32_t code_of(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]);
  char32_t code = static_cast<unsigned char>(sequence[0]) & (0x7F >> sequence.size());
  for (const char c : sequence.substr(1)) code = (code << 6) | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

/// Takes the character at the front off; what can't be shown becomes a replacement character.
std::string take_character(std::string_view& text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const std::size_t length = utf8_length(text);
  const std::string_view sequence = text.substr(0, length);
  text.remove_prefix(length == 0 ? 1 : length);
  return std::string(length == 0 || length == 4 ? kReplacement : sequence);
}

std::vector<Run> runs_of(std::string_view text) {
  std::vector<Run> runs;
  while (!text.empty()) {
    const std::string character = take_character(text);
    const bool east_asian = is_east_asian(code_of(character));
    if (runs.empty() || runs.back().east_asian != east_asian) runs.push_back({"", east_asian});
    runs.back().text += character;
  }
  return runs;
}
}  // namespace

struct Paper::Document {
  HPDF_Doc pdf = HPDF_New(nullptr, nullptr);
  std::array<HPDF_Font, kFontFiles.size()> fonts{};
  std::vector<HPDF_Page> pages;
  HPDF_Page page = nullptr;

  Document() { CHECK(pdf != nullptr); }
  ~Document() { HPDF_Free(pdf); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Status load(std::size_t font) {
    const char* path = kFontFiles.at(font).path;
    const char* name = std::string_view(path).ends_with(".ttc")
                           ? HPDF_LoadTTFontFromFile2(pdf, path, 0, HPDF_TRUE)  // the first of its collection
                           : HPDF_LoadTTFontFromFile(pdf, path, HPDF_TRUE);
    if (name == nullptr) {
      return fail(Code::kUnavailable, "a PDF needs the font {}, which can't be read: install {}",
                  kFontFiles.at(font).path, kFontFiles.at(font).package);
    }
    fonts.at(font) = HPDF_GetFont(pdf, name, "UTF-8");
    return {};
  }
  HPDF_Font font_of(const Run& run, Face face) const {
    return fonts.at(run.east_asian ? kFallback : static_cast<std::size_t>(face));
  }
};

Paper::Paper(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Paper::Paper(Paper&&) noexcept = default;
Paper& Paper::operator=(Paper&&) noexcept = default;
Paper::~Paper() = default;

Result<Paper> Paper::make(std::string_view title) {
  auto document = std::make_unique<Document>();
  HPDF_UseUTFEncodings(document->pdf);
  HPDF_SetCompressionMode(document->pdf, HPDF_COMP_ALL);
  HPDF_SetInfoAttr(document->pdf, HPDF_INFO_TITLE, std::string(title).c_str());
  for (std::size_t font = 0; font < kFontFiles.size(); ++font) TRY(document->load(font));
  Paper paper(std::move(document));
  paper.new_page();
  return paper;
}

void Paper::new_page() {
  document_->page = HPDF_AddPage(document_->pdf);
  HPDF_Page_SetWidth(document_->page, kWidth);
  HPDF_Page_SetHeight(document_->page, kHeight);
  document_->pages.push_back(document_->page);
}

std::size_t Paper::pages() const {
  return document_->pages.size();
}

void Paper::turn_to(std::size_t page) {
  document_->page = document_->pages.at(page);
}

float Paper::width_of(std::string_view text, Lettering lettering) {
  float width = 0;
  for (const Run& run : runs_of(text)) {
    const auto units = HPDF_Font_TextWidth(document_->font_of(run, lettering.face),
                                           reinterpret_cast<const HPDF_BYTE*>(run.text.data()),
                                           static_cast<HPDF_UINT>(run.text.size()));
    width += static_cast<float>(units.width) * lettering.size / 1000;
  }
  return width;
}

std::vector<std::string> Paper::lines_of(std::string_view text, Lettering lettering, float width) {
  std::vector<std::string> lines(1);
  std::size_t space = std::string::npos;  // the last one of the line
  while (!text.empty()) {
    const std::string character = take_character(text);
    std::string& line = lines.back();
    if (line.empty() || width_of(line + character, lettering) <= width) {
      if (character == " ") space = line.size();
      line += character;
      continue;
    }
    std::string next;
    if (space != std::string::npos && character != " ") {
      next = line.substr(space + 1);
      line.resize(space);
    }
    space = std::string::npos;
    lines.push_back(character == " " ? next : next + character);
  }
  return lines;
}

void Paper::write(float x, float y, std::string_view text, Lettering lettering) {
  HPDF_Page page = document_->page;
  HPDF_Page_BeginText(page);
  HPDF_Page_MoveTextPos(page, x, kHeight - y);
  for (const Run& run : runs_of(text)) {
    HPDF_Page_SetFontAndSize(page, document_->font_of(run, lettering.face), lettering.size);
    HPDF_Page_ShowText(page, run.text.c_str());
  }
  HPDF_Page_EndText(page);
}

void Paper::write_right(float x, float y, std::string_view text, Lettering lettering) {
  write(x - width_of(text, lettering), y, text, lettering);
}

void Paper::rule(float from, float to, float y, float thickness) {
  HPDF_Page page = document_->page;
  HPDF_Page_SetLineWidth(page, thickness);
  HPDF_Page_MoveTo(page, from, kHeight - y);
  HPDF_Page_LineTo(page, to, kHeight - y);
  HPDF_Page_Stroke(page);
}

Result<std::string> Paper::finish() {
  // A call that fails leaves its number in the document, and the ones after it do nothing.
  if (HPDF_SaveToStream(document_->pdf) != HPDF_OK) {
    return fail(Code::kInternal, "the PDF can't be written: error 0x{:04x} of libharu",
                HPDF_GetError(document_->pdf));
  }
  HPDF_ResetStream(document_->pdf);
  std::string bytes;
  std::array<HPDF_BYTE, 65'536> piece;
  for (;;) {
    HPDF_UINT32 size = piece.size();
    const HPDF_STATUS status = HPDF_ReadFromStream(document_->pdf, piece.data(), &size);
    bytes.append(reinterpret_cast<const char*>(piece.data()), size);
    if (status != HPDF_OK || size == 0) break;
  }
  return bytes;
}

}  // namespace chengying::cloud
