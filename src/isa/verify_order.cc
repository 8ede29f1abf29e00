// Order: a race, or a read of bytes that nobody wrote, is found here. Three facts make it near-linear: a
// record of an access can be forgotten once a later, ordered one holds all of its bytes; records are found
// through segments of addresses, in each of which a dense write forgets all that came before; and bytes that
// were written once stay written, so what was found whole for one core is whole for all others that read it.
#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"
#include "isa/limits.h"
#include "isa/verify_parts.h"

namespace chengying::isa {
namespace {

/// Which instructions have ended before which start. Each engine of each core that the program uses has a
/// count of instructions; an instruction's clock says how many of each must have ended once it has.
class Clocks {
 public:
  static Result<Clocks> of(const Program& program) {
    Clocks clocks;
    std::map<std::pair<std::uint16_t, Engine>, std::uint32_t> chains;
    const std::size_t count = program.instructions.size();
    for (const Instruction& instruction : program.instructions)
      chains.emplace(std::pair(instruction.core, engine_of(instruction.operation)), chains.size());
    clocks.width_ = chains.size();
    if (count * clocks.width_ > limits::kClockEntries)
      return fail(Code::kTooLarge, "{} instructions on {} engines; the limit of their product is {}", count,
                  clocks.width_, limits::kClockEntries);
    clocks.entries_.assign(count * clocks.width_, 0);
    std::vector<std::optional<std::uint32_t>> last(clocks.width_);
    for (std::uint32_t i = 0; i < count; ++i) {
      const Instruction& instruction = program.instructions[i];
      const std::uint32_t chain = chains.at({instruction.core, engine_of(instruction.operation)});
      if (last[chain]) clocks.join(i, *last[chain]);
      for (const std::uint32_t wait : instruction.waits) clocks.join(i, wait);
      clocks.chain_.push_back(chain);
      clocks.position_.push_back(++clocks.at(i, chain));
      last[chain] = i;
    }
    return clocks;
  }

  /// Has `earlier` ended before `later` starts?
  bool ordered(std::uint32_t earlier, std::uint32_t later) const {
    return entries_[later * width_ + chain_[earlier]] >= position_[earlier];
  }

 private:
  std::uint32_t& at(std::uint32_t instruction, std::uint32_t chain) {
    return entries_[instruction * width_ + chain];
  }
  void join(std::uint32_t instruction, std::uint32_t earlier) {
    for (std::uint32_t c = 0; c < width_; ++c)
      at(instruction, c) = std::max(at(instruction, c), at(earlier, c));
  }

  std::size_t width_ = 0;
  std::vector<std::uint32_t> entries_, chain_, position_;
};

struct Record {
  Footprint bytes;
  std::uint32_t instruction;
  bool write;
  bool forgotten = false;
  std::uint32_t seen = 0;  // the query that met it last
};

/// What was read and written in one memory so far, as far as it still matters. A segment holds all records
/// that meet it, and may hold more: the slices of a hundred cores begin a few bytes apart, and a segment for
/// each of these places would hold nearly all of them once more.
class History {
 public:
  /// The records whose hulls meet [begin, end), each once.
  std::vector<Record*> near(std::int64_t begin, std::int64_t end, Budget& budget) {
    std::vector<Record*> found;
    ++query_;
    auto at = segments_.upper_bound(begin);
    if (at != segments_.begin()) --at;
    for (; at != segments_.end() && at->first < end; ++at) {
      if (at->second.end <= begin) continue;
      budget.spend(1 + at->second.records.size());
      for (const std::size_t id : at->second.records) {
        Record& record = records_[id];
        if (record.forgotten || record.seen == query_) continue;
        record.seen = query_;
        if (record.bytes.begin() < end && begin < record.bytes.end()) found.push_back(&record);
      }
    }
    return found;
  }

  void add(const Record& record) {
    const std::size_t id = records_.size();
    records_.push_back(record);
    const std::int64_t begin = record.bytes.begin(), end = record.bytes.end();
    if (record.write && record.bytes.dense()) {
      split_at(begin);
      split_at(end);
      segments_.erase(segments_.lower_bound(begin), segments_.lower_bound(end));
      segments_[begin] = {end, end - begin, {id}};
      return;
    }
    for (const std::int64_t edge : {begin, end})
      if (length_around(edge) > kCoarse * (end - begin)) split_at(edge);
    for (std::int64_t at = begin; at < end;) {
      Segment& segment = segment_at(at, end);
      std::erase_if(segment.records, [&](std::size_t other) { return records_[other].forgotten; });
      segment.records.push_back(id);
      at = segment.end;
    }
  }

  /// Whether `bytes` were found to be written in whole not long ago.
  bool known_whole(const Footprint& bytes, Budget& budget) const {
    budget.spend(whole_.size());
    return std::ranges::any_of(whole_, [&](const Footprint& known) { return surely_contains(known, bytes); });
  }

  void note_whole(const Footprint& bytes) {
    if (whole_.size() < kWholeKept) return whole_.push_back(bytes);
    whole_[next_whole_] = bytes;
    next_whole_ = (next_whole_ + 1) % kWholeKept;
  }

 private:
  static constexpr std::size_t kWholeKept = 16;
  static constexpr std::int64_t kGrowth = 4;  // a segment grows by at most a fourth
  static constexpr std::int64_t kCoarse = 4;  // and is split for what is much smaller than itself

  struct Segment {
    std::int64_t end = 0;
    std::int64_t made = 0;  // its length when it was made
    std::vector<std::size_t> records;
  };

  /// The segment that `at` lies in: one that is there, or one that ends close before and may grow, or a new
  /// one, up to `end` at most.
  Segment& segment_at(std::int64_t at, std::int64_t end) {
    auto after = segments_.upper_bound(at);
    const std::int64_t room = after == segments_.end() ? end : std::min(end, after->first);
    if (after != segments_.begin()) {
      auto& [begin, before] = *std::prev(after);
      if (at < before.end) return before;
      if (room - begin <= before.made + before.made / kGrowth) {
        before.end = room;
        return before;
      }
    }
    return segments_.emplace_hint(after, at, Segment{room, room - at, {}})->second;
  }

  /// Of the segment that `address` lies in; 0 if in none.
  std::int64_t length_around(std::int64_t address) const {
    const auto after = segments_.upper_bound(address);
    if (after == segments_.begin()) return 0;
    const auto& [begin, segment] = *std::prev(after);
    return address < segment.end ? segment.end - begin : 0;
  }

  void split_at(std::int64_t address) {
    auto after = segments_.upper_bound(address);
    if (after == segments_.begin()) return;
    auto& [begin, segment] = *std::prev(after);
    if (begin == address || segment.end <= address) return;
    segments_.emplace_hint(after, address, Segment{segment.end, segment.end - address, segment.records});
    segment.end = address;
    segment.made = address - begin;
  }

  std::vector<Record> records_;
  std::map<std::int64_t, Segment> segments_;  // disjoint, by their first address
  std::uint32_t query_ = 0;
  std::vector<Footprint> whole_;
  std::size_t next_whole_ = 0;
};

class OrderVerifier {
 public:
  OrderVerifier(const Program& program, Clocks clocks, Budget& budget)
      : program_(program), clocks_(std::move(clocks)), budget_(budget) {}

  Status verify(std::uint32_t index, const std::vector<Access>& accesses) {
    for (const Access& access : accesses)
      if (tracked(access)) TRY(access.write ? write(index, access) : read(index, access));
    return {};
  }

  Status verify_outputs() {
    for (const Binding& output : program_.outputs) {
      const auto bytes = static_cast<std::int64_t>(output.bytes());
      if (bytes == 0) continue;
      const Footprint whole(static_cast<std::int64_t>(output.offset), bytes);
      if (!written(whole, histories_[{Space::kHost, 0}].near(whole.begin(), whole.end(), budget_), false))
        return fail(Code::kInvalidArgument, "output '{}' is not written in whole", output.name);
      TRY(within_budget());
    }
    return {};
  }

 private:
  /// Constants and inputs are never written, so nothing can go wrong with the order of their reads.
  bool tracked(const Access& access) const {
    const Address& at = access.view.at;
    if (at.space == Space::kHost && !program_.inputs.empty())
      return at.offset >= program_.inputs.back().offset + program_.inputs.back().bytes();
    return at.space != Space::kConstant;
  }

  History& history_of(const Address& at) {
    return histories_[{at.space, at.space == Space::kSram ? at.core : std::uint16_t{0}}];
  }

  Status read(std::uint32_t index, const Access& access) {
    const Footprint bytes = Footprint::of(access.view, access.padding);
    History& history = history_of(access.view.at);
    const std::vector<Record*> near = history.near(bytes.begin(), bytes.end(), budget_);
    for (const Record* record : near) {
      if (!record->write || record->instruction == index || !unordered(*record, bytes, index)) continue;
      TRY(within_budget());
      return fail(Code::kInvalidArgument,
                  "reads {}, which instruction {} writes, with no order between the two",
                  to_string(access.view), record->instruction);
    }
    const bool in_dram = access.view.at.space == Space::kDram;
    const bool whole = history.known_whole(bytes, budget_) || written(bytes, near, in_dram);
    TRY(within_budget());
    if (!whole)
      return fail(Code::kInvalidArgument, "reads {}, not all of which an earlier instruction wrote",
                  to_string(access.view));
    for (Record* record : near)
      if (!record->write && clocks_.ordered(record->instruction, index))
        record->forgotten = surely_contains(bytes, record->bytes);
    history.note_whole(bytes);
    history.add({bytes, index, false});
    return {};
  }

  Status write(std::uint32_t index, const Access& access) {
    const Footprint bytes = Footprint::of(access.view);
    History& history = history_of(access.view.at);
    for (Record* record : history.near(bytes.begin(), bytes.end(), budget_)) {
      // What an instruction does to its own operands verify_operation has judged.
      if (record->instruction != index && unordered(*record, bytes, index)) {
        TRY(within_budget());
        return fail(Code::kInvalidArgument,
                    "writes {}, which instruction {} {}, with no order between the two",
                    to_string(access.view), record->instruction, record->write ? "writes" : "reads");
      }
      record->forgotten = surely_contains(bytes, record->bytes);
    }
    TRY(within_budget());
    history.add({bytes, index, true});
    return {};
  }

  bool unordered(const Record& record, const Footprint& bytes, std::uint32_t index) {
    return !clocks_.ordered(record.instruction, index) && overlap(record.bytes, bytes, budget_);
  }

  /// State counts as written: by earlier runs, or as zeros when the executable was loaded.
  bool written(const Footprint& bytes, const std::vector<Record*>& near, bool in_dram) {
    budget_.spend(near.size());
    std::vector<Footprint> writes;
    if (in_dram && program_.state_bytes > 0)
      writes.emplace_back(0, static_cast<std::int64_t>(program_.state_bytes));
    for (const Record* record : near)
      if (record->write) writes.push_back(record->bytes);
    return covered(bytes, writes, budget_);
  }

  /// Without budget the answers are only guesses on the safe side, so the refusal must say that instead.
  Status within_budget() const {
    if (!budget_.exhausted) return {};
    return fail(Code::kTooLarge,
                "its views interleave in more ways than {} steps of comparison can tell apart",
                limits::kCompareSteps);
  }

  const Program& program_;
  const Clocks clocks_;
  Budget& budget_;
  std::map<std::pair<Space, std::uint16_t>, History> histories_;
};

}  // namespace

Status verify_order(const Program& program, std::span<const std::vector<Access>> accesses, Budget& budget) {
  CHECK(accesses.size() == program.instructions.size());
  TRY_ASSIGN(Clocks clocks, Clocks::of(program));
  OrderVerifier verifier(program, std::move(clocks), budget);
  for (std::uint32_t i = 0; i < accesses.size(); ++i)
    if (Status verified = verifier.verify(i, accesses[i]); !verified)
      return at_instruction(program, i, std::move(verified).error());
  return verifier.verify_outputs();
}

}  // namespace chengying::isa
