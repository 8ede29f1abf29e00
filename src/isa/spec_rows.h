// The keys of a chip file, as data: one row for each number, switch and text, in the order of docs/isa.md.
// The parser, the digest and the messages all read these rows; a new number is a new row. Constant; any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "isa/spec.h"

namespace chengying::isa {

/// A section of the file. `make` gives the optional part of the spec that it describes a place (null: always
/// there).
struct SpecSection {
  std::string_view name;
  bool required = true;
  void (*make)(ChipSpec&) = nullptr;
};

/// A number. `real` and `whole`: where it lies in the spec; exactly one is set. In a section that is present,
/// a required number must be there; one that is not required is 0 if absent.
struct SpecNumberRow {
  std::string_view section, key, unit;
  double lowest = 0, highest = 0;
  bool required = true;
  std::int64_t& (*whole)(ChipSpec&) = nullptr;
  double& (*real)(ChipSpec&) = nullptr;
};

struct SpecSwitchRow {
  std::string_view section, key;
  bool& (*place)(ChipSpec&);
};

struct SpecTextRow {
  std::string_view section, key;
  std::string& (*place)(ChipSpec&);
};

/// A rule over several numbers: what it says is wrong whenever `broken`. Applied only to specs whose single
/// numbers are all right.
struct SpecRule {
  std::string_view key;  // whose line the message names
  bool (*broken)(const ChipSpec&);
  std::string_view message;  // what was found; what would be right
};

std::span<const SpecSection> spec_sections();
std::span<const SpecNumberRow> spec_numbers();
std::span<const SpecSwitchRow> spec_switches();
std::span<const SpecTextRow> spec_texts();
std::span<const SpecRule> spec_rules();

/// The digest of a spec: over its name and every number and switch in the order of the rows.
Digest digest_of(const ChipSpec& chip);

}  // namespace chengying::isa
